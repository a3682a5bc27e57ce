// Templates as they are asked for: looked up in groups, and kept parsed, since a version never changes.
import { LRUCache } from 'lru-cache';
import { createBatcher } from '../../lib/process/batch.ts';
import { isDatabaseUnavailable, type Sql } from '../../lib/store/database.ts';
import type { UsedTemplate } from '../../lib/store/emails/email.ts';
import { readSources, resolveTemplates, type WantedTemplate } from '../../lib/store/templates/read.ts';
import type { ParsedTemplate } from '../../lib/store/templates/template.ts';

/** Characters of source of those that are kept; parsed, each takes some times as much. */
const maxKept = 2_000_000;

/** What a version says, undefined where it has just been deleted, and its size in `maxKept`. */
interface KeptTemplate {
  parsed: ParsedTemplate | undefined;
  size: number;
}

/** A template that can be rendered, or what is to be said instead. */
export type FoundTemplate = { used: UsedTemplate; parsed: ParsedTemplate } | { unknown: string };

/** Which version is the newest is read each time; what a version says, once. */
export function createTemplates(sql: Sql): (wanted: WantedTemplate) => Promise<FoundTemplate> {
  const options = { maxItems: 100, failsAll: isDatabaseUnavailable };
  const resolve = createBatcher((wanted: WantedTemplate[]) => resolveTemplates(sql, wanted), options);
  const readSource = createBatcher((versions: UsedTemplate[]) => readSources(sql, versions), options);
  const kept = new LRUCache<string, KeptTemplate, UsedTemplate>({
    maxSize: maxKept,
    sizeCalculation: ({ size }) => size,
    // Those who ask at the same time share one reading.
    fetchMethod: (key, _stale, { context }) => load(context, key),
    // A template that must make room while it is read still goes to those who wait for it.
    ignoreFetchAbort: true,
  });

  async function load(used: UsedTemplate, key: string): Promise<KeptTemplate> {
    const source = await readSource(used);
    if (source === undefined) return { parsed: undefined, size: 1 };
    // Not before the first template: it would be a part of the time that the function takes to start.
    const { parseTemplate } = await import('../../lib/mail/templates/parse.ts');
    const { parsed, faults } = parseTemplate(source);
    // It could be parsed when it was stored.
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
