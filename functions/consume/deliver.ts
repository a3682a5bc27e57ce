// The story of one id: claim the row, hand the message to the SMTP relay, record what happened.

import { composeMessage } from '../../lib/mail/message.ts';
import type { Log } from '../../lib/process/log.ts';
import { traceIdOf } from '../../lib/process/trace.ts';
import { untilDatabaseIsBack } from '../../lib/store/database.ts';
import type { Claim, ClaimedEmail } from '../../lib/store/emails/claim.ts';
import type { Transition } from '../../lib/store/emails/transition-emails.ts';
import type { RetryPolicy } from './backoff.ts';
import type { FindDkimKey } from './dkim-lookup.ts';
import { signedWith } from './dkim-sign.ts';
import type { DeliveryMetrics } from './metrics.ts';
import { expire, failEmpty, handBack, nextStep, relaysAway } from './next-step.ts';
import { classify } from './outcome.ts';
import type { Relays } from './relays.ts';

export interface DeliverDependencies {
  /** Resolves with the email, or undefined when it is not ours to deliver: claimed by another, at its end, or never accepted. */
  claim: (id: string) => Promise<Claim | undefined>;
  /** Keeps the claim alive until the returned function is called. */
  keepClaim: (email: ClaimedEmail) => () => void;
  /** Says that transmission is about to begin; false: the claim was lost. */
  markDataStarted: (email: ClaimedEmail) => Promise<boolean>;
  /** Resolves with whether the status changed. */
  record: (transition: Transition) => Promise<boolean>;
  /** Which DKIM key signs for the address in From, if any. */
  findDkimKey: FindDkimKey;
  relays: Relays;
  retry: RetryPolicy;
  metrics: DeliveryMetrics;
  log: Log;
}

/**
 * Delivers the email with this id, if it is ours to deliver. Rejects when the database is away before anything has begun, and
 * on faults of our own; the row's `due_at` then brings the email back.
 */
export async function deliver(id: string, dependencies: DeliverDependencies): Promise<void> {
  const { claim, keepClaim, record, metrics, log } = dependencies;
  const email = await claim(id);
  if (email === undefined) {
    log.debug('not ours to deliver', { email_id: id });
    return;
  }
  if (email.ended !== null) {
    metrics.changed({ to: email.ended });
    log.info(email.ended, {
      email_id: id,
      client_id: email.client_id,
      trace_id: traceIdOf(email.traceparent),
      category: 'suppressed',
    });
    return;
  }
  metrics.claimed(email);
  if (email.expires_in_ms !== null && email.expires_in_ms <= 0) {
    await untilDatabaseIsBack(() => record(expire(email)));
    return;
  }
  if (email.headers === null) {
    log.error('an email without contents cannot be delivered', { email_id: id });
    await untilDatabaseIsBack(() => record(failEmpty(email)));
    return;
  }
  const releaseClaim = keepClaim(email);
  try {
    await attempt(email, dependencies);
  } finally {
    releaseClaim();
  }
}

async function attempt(email: ClaimedEmail, dependencies: DeliverDependencies): Promise<void> {
  const { markDataStarted, findDkimKey, record, relays, retry, metrics, log } = dependencies;
  const sign = await signedWith(() => untilDatabaseIsBack(() => findDkimKey(email.headers.from.email)));
  const conversations = await relays.send(
    {
      envelope: { from: email.sender, to: email.recipients },
      compose: () => sign(composeMessage(email)),
      beforeData: email.delivery === 'at_most_once' ? startData : undefined,
    },
    email.lane,
    email.client_id,
  );

  const [first, ...others] = conversations.map(({ relay, ms, result }) => ({
    relay,
    ms,
    outcome: classify(result, email.recipients),
  }));
  const transition = first ? nextStep(email, [first, ...others], retry) : notBegun();
  // What happened is known here alone: it is kept until it is recorded, or the email would be sent a second time.
  const isChanged = await untilDatabaseIsBack(() => record(transition));

  for (const each of first ? [first, ...others] : []) metrics.attempted(each);
  if (isChanged) metrics.changed(transition);
  const { relay, ms, outcome } = others.at(-1) ?? first ?? {};
  log[outcome?.status === 'sent' || transition.to === 'queued' ? 'info' : 'warn'](
    isChanged ? transition.to : 'attempt recorded, but the claim had been lost',
    {
      email_id: email.id,
      client_id: email.client_id,
      trace_id: traceIdOf(email.traceparent),
      attempt: email.attempts,
      relay,
      ms,
      category: outcome?.category,
      code: outcome?.reply?.code,
    },
  );

  function notBegun(): Transition {
    return relays.isStopping() ? handBack(email) : relaysAway(email, relays.awayForMs(), retry);
  }

  async function startData(): Promise<void> {
    if (!(await markDataStarted(email))) throw new Error('the claim was lost before transmission began');
  }
}
