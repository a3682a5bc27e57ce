// Templates as they are asked for: looked up in groups, and kept, since a version never changes.
import { LRUCache } from 'lru-cache';
import { createBatcher } from '../../lib/process/batch.ts';
import { isDatabaseUnavailable, type Sql } from '../../lib/store/database.ts';
import type { UsedTemplate } from '../../lib/store/emails/email.ts';
import { type ReadSource, readSources, resolveTemplates, type WantedTemplate } from '../../lib/store/templates/read.ts';
import { sizeOf } from '../../lib/store/templates/template.ts';

/** Characters of source of those that are kept. */
const maxKept = 2_000_000;

/** Undefined where it has just been deleted. */
interface KeptTemplate {
  source: ReadSource | undefined;
}

/** A template that can be rendered, or its fault. */
export type FoundTemplate = { used: UsedTemplate; source: ReadSource } | { unknown: string };

/** Reads the number of the newest version each time, and the content of a version once. */
export function createTemplates(sql: Sql): (wanted: WantedTemplate) => Promise<FoundTemplate> {
  const options = { maxItems: 100, failsAll: isDatabaseUnavailable };
  const resolve = createBatcher((wanted: WantedTemplate[]) => resolveTemplates(sql, wanted), options);
  const readSource = createBatcher((versions: UsedTemplate[]) => readSources(sql, versions), options);
  const kept = new LRUCache<string, KeptTemplate, UsedTemplate>({
    maxSize: maxKept,
    sizeCalculation: ({ source }) => (source ? sizeOf(source) + JSON.stringify(source.declared).length : 1),
    // Requests at the same time share one read.
    fetchMethod: async (_key, _stale, { context }) => ({ source: await readSource(context) }),
    // If the cache drops a template during its read, those who wait still get it.
    ignoreFetchAbort: true,
  });

  return async (wanted) => {
    const found = await resolve(wanted);
    const { template } = wanted;
    if (found === undefined) return { unknown: `is ${template}, and you have no template of that name or id` };
    const { id, name, version, latest_version } = found;
    if (version === null)
      return { unknown: `is ${template}, which has no version ${wanted.version}: the newest is ${latest_version}` };
    const used = { id, name, version };
    const { source } = await kept.forceFetch(`${id} ${version}`, { context: used });
    return source === undefined ? { unknown: `is ${template}, which has just been deleted` } : { used, source };
  };
}
