// The thread's part of rendering: templates are kept parsed, since a version never changes.
import { LRUCache } from 'lru-cache';
import type { Fault } from '../../lib/http/errors.ts';
import { parseTemplate } from '../../lib/mail/templates/parse.ts';
import { renderTemplate } from '../../lib/mail/templates/render.ts';
import {
  type ParsedTemplate,
  type RenderBudget,
  type RenderedTemplate,
  sizeOf,
  type TemplatePart,
  type TemplateSource,
} from '../../lib/store/templates/template.ts';

export interface Rendering {
  /** Which version it is. */
  key: string;
  source: TemplateSource;
  data: Record<string, unknown>;
  without: readonly TemplatePart[];
}

export interface RenderInput {
  renderings: Rendering[];
  /** For all of them together. */
  budget: RenderBudget;
  /** Of the dates. */
  timeZone: string;
}

export type Rendered = { rendered: RenderedTemplate; faults: Fault[] };

/** Characters of source of those that are kept; parsed, each takes some times as much. */
const maxKept = 2_000_000;

const kept = new LRUCache<string, ParsedTemplate>({ maxSize: maxKept });

export function render({ renderings, budget, timeZone }: RenderInput): Rendered[] {
  return renderings.map(({ key, source, data, without }) =>
    renderTemplate(parsedOnce(key, source), data, budget, { without, timeZone }),
  );
}

function parsedOnce(key: string, source: TemplateSource): ParsedTemplate {
  const known = kept.get(key);
  if (known) return known;
  const { parsed, faults } = parseTemplate(source);
  // It could be parsed when it was stored.
  if (faults.length > 0) throw new Error(`the stored template ${key} is not Liquid: ${faults[0]?.message}`);
  kept.set(key, parsed, { size: sizeOf(source) });
  return parsed;
}
