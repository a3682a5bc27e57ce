// All allowed transitions of an email: from which status, to which, by whom, with which event. Whatever changes a status reads this table.
import type { EmailStatus, EndStatus, OpenStatus } from './email.ts';
import type { NewEvent } from './events.ts';

/** Who changes a status. */
export const movers = {
  accept: 'a request that is accepted',
  reschedule: 'its client, who moves the time of a scheduled email',
  cancel: 'its client, who cancels it',
  erase: 'its client or the operator, who erases a recipient',
  replay: 'its client or the operator, who has it sent again',
  dispatch: 'the dispatch function, when `due_at` has passed',
  claim: 'a worker that claims it for an attempt, or finds all its recipients settled or suppressed',
  attempt: 'a worker that records the outcome of its attempt, even after its lease was lost',
  release: 'a worker that gives up its claim before or during an attempt',
  report: 'a report of what became of its recipients',
} as const;
export type Mover = keyof typeof movers;

interface TransitionRule {
  /** Statuses it may have before; null: it is new. */
  from: readonly (EmailStatus | null)[];
  to: EmailStatus;
  by: Mover;
  /** Recorded with the change; null: none is. Events of attempts and of single recipients may come beside it, those of reports always. */
  event: NewEvent['type'] | null;
}

const rules = [
  { from: [null], to: 'scheduled', by: 'accept', event: 'accepted' },
  { from: [null], to: 'queued', by: 'accept', event: 'accepted' },
  { from: [null], to: 'suppressed', by: 'accept', event: 'suppressed' },

  { from: ['scheduled'], to: 'scheduled', by: 'reschedule', event: 'rescheduled' },
  { from: ['scheduled', 'queued', 'deferred'], to: 'canceled', by: 'cancel', event: 'canceled' },
  { from: ['scheduled', 'queued', 'deferred'], to: 'canceled', by: 'erase', event: 'canceled' },
  // The one way out of an end, but for reports. `sent` needs no second time, and `suppressed` asks for none.
  { from: ['failed', 'bounced', 'unknown', 'expired', 'canceled'], to: 'queued', by: 'replay', event: 'replayed' },

  // Also from `queued`: the id may be lost on its way to a worker.
  { from: ['scheduled', 'queued', 'sending', 'deferred'], to: 'queued', by: 'dispatch', event: 'queued' },
  { from: ['scheduled', 'queued', 'deferred'], to: 'expired', by: 'dispatch', event: 'expired' },
  { from: ['sending'], to: 'failed', by: 'dispatch', event: 'failed' },
  { from: ['sending'], to: 'unknown', by: 'dispatch', event: 'unknown' },

  { from: ['queued'], to: 'sending', by: 'claim', event: null },
  { from: ['queued'], to: 'suppressed', by: 'claim', event: 'suppressed' },
  { from: ['queued'], to: 'sent', by: 'claim', event: 'sent' },
  { from: ['queued'], to: 'bounced', by: 'claim', event: 'bounced' },

  // From `queued`: dispatch took the worker for dead, and no other worker has claimed the email since.
  { from: ['sending', 'queued'], to: 'sent', by: 'attempt', event: 'sent' },
  { from: ['sending', 'queued'], to: 'bounced', by: 'attempt', event: 'bounced' },
  { from: ['sending', 'queued'], to: 'unknown', by: 'attempt', event: 'unknown' },
  { from: ['sending', 'queued'], to: 'deferred', by: 'attempt', event: 'deferred' },
  { from: ['sending', 'queued'], to: 'failed', by: 'attempt', event: 'failed' },

  { from: ['sending'], to: 'queued', by: 'release', event: 'queued' },
  { from: ['sending'], to: 'deferred', by: 'release', event: 'deferred' },
  { from: ['sending'], to: 'expired', by: 'release', event: 'expired' },
  { from: ['sending'], to: 'failed', by: 'release', event: 'failed' },

  // In SQL: `use_reports` (0019), also by a trigger on `emails` when what was reported too early counts at last. An email is where the
  // least of its recipients is, and only moves on. What waits is called back: another attempt would bring it a second time.
  { from: ['queued', 'deferred', 'unknown'], to: 'sent', by: 'report', event: 'sent' },
  { from: ['queued', 'deferred', 'unknown', 'sent'], to: 'delivered', by: 'report', event: null },
  { from: ['queued', 'deferred', 'unknown', 'sent', 'delivered'], to: 'bounced', by: 'report', event: null },
  {
    from: ['queued', 'deferred', 'unknown', 'sent', 'delivered', 'bounced'],
    to: 'complained',
    by: 'report',
    event: null,
  },
] as const satisfies readonly TransitionRule[];

export const transitions: readonly TransitionRule[] = rules;

type RuleBy<By extends Mover> = Extract<(typeof rules)[number], { by: By }>;
/** Statuses that this mover may set. */
export type To<By extends Mover> = RuleBy<By>['to'];
/** Statuses from which this mover may change an email. */
export type From<By extends Mover> = Exclude<RuleBy<By>['from'][number], null>;

/** The rule of a change; throws where there is none, so that the change is not written. */
export function ruleOf<By extends Mover, Reached extends To<By>>(by: By, to: Reached) {
  const rule = rulesByChange.get(`${by} ${to}`);
  if (rule === undefined) throw new Error(`no transition of an email to ${to} by ${by}`);
  return rule as TransitionRule & { from: readonly From<By>[]; to: Reached };
}

const rulesByChange = new Map<string, TransitionRule>(rules.map((rule) => [`${rule.by} ${rule.to}`, rule]));

/** The status of an email while a worker holds it. */
export const claimedStatus = ruleOf('claim', 'sending').to;

/** Statuses from which an email can be canceled. */
export const cancelableStatuses: readonly OpenStatus[] = ruleOf('cancel', 'canceled').from;

/** Ends from which an email can be sent again. */
export type ReplayableStatus = From<'replay'>;
export const replayableStatuses: readonly (ReplayableStatus & EndStatus)[] = ruleOf('replay', 'queued').from;
