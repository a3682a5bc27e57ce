// The cache of templates: looks them up in groups, and keeps them parsed, because a version never changes.
import { LRUCache } from 'lru-cache';
import { createBatcher } from '../../lib/process/batch.ts';
import { isDatabaseUnavailable, type Sql } from '../../lib/store/database.ts';
import type { UsedTemplate } from '../../lib/store/emails/email.ts';
import { readSources, resolveTemplates, type WantedTemplate } from '../../lib/store/templates/read.ts';
import type { ParsedTemplate } from '../../lib/store/templates/template.ts';

/** Most characters of source in the cache; a parsed template takes several times as much memory. */
const maxKept = 2_000_000;

/** What a version says, undefined where it has just been deleted, and its size in `maxKept`. */
interface KeptTemplate {
  parsed: ParsedTemplate | undefined;
  size: number;
}

/** A template that can be rendered, or its fault. */
export type FoundTemplate = { used: UsedTemplate; parsed: ParsedTemplate } | { unknown: string };

/** Reads the number of the newest version each time, and the content of a version once. */
export function createTemplates(sql: Sql): (wanted: WantedTemplate) => Promise<FoundTemplate> {
  const options = { maxItems: 100, failsAll: isDatabaseUnavailable };
  const resolve = createBatcher((wanted: WantedTemplate[]) => resolveTemplates(sql, wanted), options);
  const readSource = createBatcher((versions: UsedTemplate[]) => readSources(sql, versions), options);
  const kept = new LRUCache<string, KeptTemplate, UsedTemplate>({
    maxSize: maxKept,
    sizeCalculation: ({ size }) => size,
    // Requests at the same time share one read.
    fetchMethod: (key, _stale, { context }) => load(context, key),
    // If the cache drops a template during its read, those who wait still get it.
    ignoreFetchAbort: true,
  });

  async function load(used: UsedTemplate, key: string): Promise<KeptTemplate> {
    const source = await readSource(used);
    if (source === undefined) return { parsed: undefined, size: 1 };
    // Loaded with the first template, so that the function starts faster.
    const { parseTemplate } = await import('../../lib/mail/templates/parse.ts');
    const { parsed, faults } = parseTemplate(source);
    // It parsed when it was stored, so it parses now.
    if (faults.length > 0) throw new Error(`the stored template ${key} is not Liquid: ${faults[0]?.message}`);
    const size = source.subject.length + (source.text?.length ?? 0) + (source.html?.length ?? 0);
    return { parsed, size };
  }

  return async (wanted) => {
    const found = await resolve(wanted);
    const { template } = wanted;
    if (found === undefined) return { unknown: `is ${template}, and you have no template of that name or id` };
    const { id, name, version, latest_version } = found;
    if (version === null)
      return { unknown: `is ${template}, which has no version ${wanted.version}: the newest is ${latest_version}` };
    const used = { id, name, version };
    const { parsed } = await kept.forceFetch(`${id} ${version}`, { context: used });
    return parsed === undefined ? { unknown: `is ${template}, which has just been deleted` } : { used, parsed };
  };
}
