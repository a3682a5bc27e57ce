// Parses a stored template: the result can be rendered, or names what is wrong.
import type { Liquid } from 'liquidjs';
import type { Fault } from '../../http/errors.ts';
import {
  type ParsedTemplate,
  type TemplatePart,
  type TemplateSource,
  type TemplateVariables,
  templateParts,
} from '../../store/templates/template.ts';
import { createEngine } from './engine.ts';
import { variablesOf } from './variables.ts';

/** Most outputs and tags of one part: the time to parse grows with the square of their number. */
const maxMarks = 2_000;

const plain = createEngine({ escapes: false });
const engines: Record<TemplatePart, Liquid> = { subject: plain, text: plain, html: createEngine({ escapes: true }) };

/** The first fault of each part, with its line and column. */
export function parseTemplate(source: TemplateSource): { parsed: ParsedTemplate; faults: Fault[] } {
  const parsed: ParsedTemplate = { subject: null, text: null, html: null };
  const faults: Fault[] = [];
  for (const part of templateParts) {
    const text = source[part];
    if (text === null) continue;
    try {
      if ((text.match(/\{[{%]/g)?.length ?? 0) > maxMarks)
        throw new RangeError(`has more than ${maxMarks} outputs and tags`);
      const liquid = engines[part];
      const template = liquid.parse(withoutThirdBraces(text));
      variablesOf(template);
      parsed[part] = { liquid, template };
    } catch (error) {
      faults.push({ path: part, message: `cannot be used: ${describeError(error)}` });
    }
  }
  return { parsed, faults };
}

/** `{{{NAME}}}`, as Resend's templates have it, is `{{ NAME }}`: as long, so that lines and columns stay, and escaped as that is. */
function withoutThirdBraces(text: string): string {
  return text.replace(/\{\{\{([\w. ]{1,100})\}\}\}/g, '{{ $1 }}');
}

export function templateVariables(parsed: ParsedTemplate): TemplateVariables {
  const all = new Map<string, boolean>();
  for (const part of templateParts) {
    for (const [name, certain] of variablesOf(parsed[part]?.template ?? [])) {
      all.set(name, certain || all.get(name) === true);
    }
  }
  const named = (wanted: boolean) => [...all].filter(([, certain]) => certain === wanted).map(([name]) => name);
  return { required: named(true).sort(), optional: named(false).sort() };
}

/** Longest excerpt in a message: a tag may be as long as its part. */
const maxMessage = 200;

/** The message of liquidjs, with its position in words. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return 'it is not Liquid';
  if (isStackOverflow(error)) return 'it is nested too deeply';
  const [, message = error.message, line, column] = /^(.*), line:(\d+), col:(\d+)$/s.exec(error.message) ?? [];
  const said = message.length > maxMessage ? `${message.slice(0, maxMessage).toWellFormed()}…` : message;
  return line === undefined ? said : `${said} (line ${line}, column ${column})`;
}

export function isStackOverflow(error: Error): boolean {
  return /call stack/.test(error.message);
}
