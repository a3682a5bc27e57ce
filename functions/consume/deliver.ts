// The handler of one id: claims the row, hands the message to an SMTP relay, records what happened.

import { notAsciiIn } from '../../lib/mail/message-head.ts';
import type { ReturnPaths } from '../../lib/mail/return-path.ts';
import type { Log } from '../../lib/process/log.ts';
import { traceIdOf } from '../../lib/process/trace.ts';
import { untilDatabaseIsBack, untilRecorded } from '../../lib/store/database.ts';
import { wireLengths } from '../../lib/store/emails/attachments.ts';
import type { Claim, ClaimedEmail } from '../../lib/store/emails/claim.ts';
import type { Transition } from '../../lib/store/emails/transition-emails.ts';
import type { RetryPolicy } from './backoff.ts';
import { type Contents, composed } from './compose.ts';
import type { FindDkimKey } from './dkim-lookup.ts';
import { signedWith } from './dkim-sign.ts';
import { type Lease, LeaseUncertainError } from './leases.ts';
import { type Load, loadOf } from './load.ts';
import type { DeliveryMetrics } from './metrics.ts';
import {
  type Attempt,
  expire,
  failEmpty,
  failUncomposable,
  handBack,
  handBackForLater,
  nextStep,
  recordingOf,
  relaysAway,
} from './next-step.ts';
import { classify } from './outcome.ts';
import type { Relays } from './relays.ts';

export interface DeliverDependencies extends Contents {
  /**
   * Resolves with the email and when we asked for its claim; undefined when it is not ours to deliver: another worker has claimed
   * it, it is at its end, or it was never accepted.
   */
  claim: (id: string) => Promise<{ email: Claim; askedAt: number } | undefined>;
  /** Keeps the claim alive until it is released. */
  keepClaim: (email: ClaimedEmail, askedAt: number) => Lease;
  /** Says that transmission is about to begin; false: the claim was lost. */
  markDataStarted: (email: ClaimedEmail) => Promise<boolean>;
  /** Resolves with whether the status changed. */
  record: (transition: Transition) => Promise<boolean>;
  /** How long faults of a recording may go on until the email ends without its outcome. */
  patienceMs: number;
  /** Which DKIM key signs for the address in From, if any. */
  findDkimKey: FindDkimKey;
  /** Where reports come back to; undefined: to the sender of each email. */
  returnPaths: ReturnPaths | undefined;
  relays: Relays;
  retry: RetryPolicy;
  metrics: DeliveryMetrics;
  log: Log;
}

/** When an attempt cannot be recorded, one fault in this many is logged: about one line a minute. */
const logEveryFaults = 12;

/**
 * Delivers the email with this id, if it is ours to deliver. Rejects when the database is away, or refuses, before anything has begun, and
 * on faults of our own; the row's `due_at` then brings the email back. Calls `letGo` where it may take long until a connection is free, and
 * leaves the email to others where that answers false: so many wait already that it would keep small ones from being looked at.
 */
export async function deliver(id: string, dependencies: DeliverDependencies, letGo = () => true): Promise<void> {
  const { claim, keepClaim, record, metrics, log } = dependencies;
  const claimed = await claim(id);
  if (claimed === undefined) {
    log.debug('not ours to deliver', { email_id: id });
    return;
  }
  const { email, askedAt } = claimed;
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
  const load = loadOf(email);
  // The row has it by now: without its contents, it takes next to nothing until it is its turn.
  if (load.isLong && !letGo()) {
    await untilDatabaseIsBack(() => record(handBackForLater(email)));
    log.info('left to others', { email_id: id, client_id: email.client_id, reason: 'worker_busy' });
    return;
  }
  const lease = keepClaim(email, askedAt);
  try {
    await attempt(email, { lease, load }, dependencies);
  } finally {
    lease.release();
  }
}

async function attempt(
  email: ClaimedEmail,
  { lease, load }: { lease: Lease; load: Load },
  dependencies: DeliverDependencies,
): Promise<void> {
  const { markDataStarted, findDkimKey, record, patienceMs, returnPaths, relays, retry, metrics, log } = dependencies;
  const sign = await signedWith(() => untilDatabaseIsBack(() => findDkimKey(email.headers.from.email)));
  const envelopeId = returnPaths?.envelopeIdOf(email.id);
  let uncomposable: Error | undefined;
  const conversations = await relays.send(
    {
      envelope: {
        from: returnPaths ? `${envelopeId}@${returnPaths.host}` : email.sender,
        to: email.recipients,
        envelopeId,
      },
      notAscii: notAsciiIn(email),
      compose: () =>
        sign(
          composed(email, dependencies, (fault) => {
            uncomposable ??= fault;
          }),
        ),
      leastBytes: wireLengths(email.attachments ?? []),
      beforeData: startData,
      beforeDot: lease.check,
    },
    email.lane,
    load,
    email.client_id,
  );

  const [first, ...others] = conversations.map(({ relay, ms, result }) => ({
    relay,
    ms,
    outcome: classify(result, email.recipients),
  }));
  const transition = uncomposable ? failUncomposable(email) : first ? transitionAfter([first, ...others]) : notBegun();
  // Only this process knows what happened. It keeps the outcome and the claim until something of it is recorded or the process must
  // end; otherwise the email would be sent a second time.
  const { form: recorded, result: isChanged } = await untilRecorded(recordingOf(email, transition), record, {
    patienceMs,
    onFault: (error, faults) => {
      if (faults % logEveryFaults === 1)
        log.error('an attempt cannot be recorded, trying again', {
          email_id: email.id,
          to: transition.to,
          faults,
          error,
        });
    },
  });
  if (recorded !== transition)
    log.error('an attempt was recorded in part', { email_id: email.id, to: transition.to, recorded: recorded.to });

  for (const each of first ? [first, ...others] : []) metrics.attempted(each);
  if (isChanged) metrics.changed(recorded);
  const { relay, ms, outcome } = others.at(-1) ?? first ?? {};
  log[outcome?.status === 'sent' || transition.to === 'queued' ? 'info' : 'warn'](
    isChanged ? recorded.to : 'attempt recorded, but the claim had been lost',
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
    return relays.isStopping() ? handBack(email, 'worker_stopped') : relaysAway(email, relays.awayForMs(), retry);
  }

  function transitionAfter(attempts: readonly [Attempt, ...Attempt[]]): Transition {
    const result = conversations.at(-1)?.result;
    const isUncertain = result?.ended === 'abandoned' && result.error instanceof LeaseUncertainError;
    return isUncertain ? handBack(email, 'lease_uncertain', attempts) : nextStep(email, attempts, retry);
  }

  async function startData(): Promise<void> {
    lease.check();
    if (email.delivery !== 'at_most_once') return;
    if (!(await markDataStarted(email))) throw new LeaseUncertainError('the claim was lost before transmission began');
    lease.check();
  }
}
