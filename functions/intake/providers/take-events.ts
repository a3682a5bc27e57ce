// The handler of the routes for providers: what proves itself is recorded, the same answer for every provider.
import type { Reply, Request } from '../../../lib/http/exchange.ts';
import type { RecordEvidence, RecordedEvidence } from '../evidence.ts';
import type { IntakeMetrics } from '../metrics.ts';
import { mostEvidence } from '../record-evidence.ts';
import { EventRefusal, type Provider, type ProviderName } from './provider.ts';

export interface EventDependencies {
  /** Those that have their settings. */
  providers: Readonly<Partial<Record<ProviderName, Provider>>>;
  record: RecordEvidence;
  metrics: IntakeMetrics;
}

/** 200 once all is committed, also where it is of emails that are none of ours: the provider need not send it again. */
export function takeEvents(name: ProviderName) {
  return async (
    { headers, body }: Request<undefined, undefined, Buffer>,
    { providers, record, metrics }: EventDependencies,
  ): Promise<Reply> => {
    const provider = providers[name];
    if (provider === undefined) throw new Error(`nothing is set for ${name}`);
    const evidence = await provider({ headers, body }).catch((error: unknown) => {
      if (error instanceof EventRefusal) metrics.refusedEvent(name, error.reason);
      throw error;
    });
    const counts: RecordedEvidence = { recorded: 0, kept: 0, repeated: 0, unknown_email: 0, unknown_recipient: 0 };
    for (let from = 0; from < evidence.length; from += mostEvidence) {
      const added = await record(evidence.slice(from, from + mostEvidence));
      for (const key of Object.keys(counts) as (keyof RecordedEvidence)[]) counts[key] += added[key];
    }
    return { status: 200, headers: { 'cache-control': 'no-store' }, body: { object: 'intake', ...counts } };
  };
}
