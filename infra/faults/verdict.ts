// Judges a run: compares accepted emails, rows and deliveries, and complains about what the design does not allow. Pure.
import type { DeliveryMode } from '../../lib/store/emails/email.ts';
import type { Kill } from './fleet.ts';
import type { Arrival, SmtpReport } from './smtp-protocol.ts';

/** One email as the database tells it at the end. */
export interface Row {
  id: string;
  marker: string;
  status: string;
  /** Attempts begun, and those of which an outcome was recorded. */
  attempts: number;
  recorded: number;
  last_reply: string | null;
}

export interface Evidence {
  /** Answered 202: id → marker. */
  accepted: ReadonlyMap<string, string>;
  /** Markers of requests that got no 202. */
  maybe: ReadonlySet<string>;
  rows: readonly Row[];
  smtp: SmtpReport;
  /** Of consume alone. */
  kills: readonly Kill[];
  startedAt: number;
  delivery: DeliveryMode;
  gap: { perKill: number } | 'unbounded' | undefined;
  bounces: boolean;
}

export interface Verdict {
  accepted: number;
  once: number;
  doubled: number;
  /** Of those doubled: by the gap between the final dot and the record of its reply. */
  inGap: number;
  bounced: number;
  lost: number;
  unknown: number;
  /** Stored, though the client was not told so. */
  storedUntold: number;
  /** Longest time without any delivery, in ms. */
  stallMs: number;
  complaints: string[];
}

/** A killed process's connections end within this time, in ms; on a slow machine, before its successor is up. */
const cutWithinMs = 1_000;
/** Complaints of one kind that are written out. */
const quoted = 3;

export function judge(evidence: Evidence): Verdict {
  const { accepted, maybe, rows, smtp, kills, delivery, gap } = evidence;
  const deliveries = groupByMarker(smtp.deliveries);
  const byId = new Map(rows.map((row) => [row.id, row]));
  const byMarker = new Map(rows.map((row) => [row.marker, row]));
  const complaints: string[] = [];
  const complainAll = (what: string, examples: string[]) => {
    if (examples.length === 0) return;
    const more = examples.length > quoted ? ', …' : '';
    complaints.push(`${examples.length} ${what}: ${examples.slice(0, quoted).join(', ')}${more}`);
  };

  const missing = [...accepted].filter(([id]) => !byId.has(id)).map(([id, marker]) => `${marker} (${id}) has no row`);
  const lost = [...missing, ...rows.flatMap((row) => whyLost(row, deliveries.get(row.marker) ?? [], evidence) ?? [])];
  complainAll('lost', lost);

  const doubled = [...deliveries].filter(([, all]) => all.length > 1);
  const [inGap, unexplained] = split(doubled, ([marker, all]) => isInGap(byMarker.get(marker), all, kills));
  const describe = ([marker, all]: [string, Arrival[]]) => `${marker} (${all.length} times)`;
  complainAll('doubled without a reason', unexplained.map(describe));
  if (delivery === 'at_most_once') complainAll('doubled under at_most_once', inGap.map(describe));
  else if (gap === undefined) complainAll('doubled where nothing may be', inGap.map(describe));
  else if (gap !== 'unbounded' && inGap.length > kills.length * gap.perKill) {
    complaints.push(`${inGap.length} doubled by ${kills.length} kills: more than were under way`);
  }

  const unknown = rows.filter(({ status }) => status === 'unknown');
  if (delivery === 'at_least_once') complainAll('unknown under at_least_once', unknown.map(nameOf));
  complainAll('stored twice', rows.filter((row) => byMarker.get(row.marker) !== row).map(nameOf));
  const known = new Set([...accepted.values(), ...maybe]);
  complainAll('rows nobody asked for', rows.filter(({ marker }) => !known.has(marker)).map(nameOf));
  complainAll(
    'deliveries without a row',
    [...deliveries.keys()].filter((marker) => !byMarker.has(marker)),
  );

  const markers = new Set(accepted.values());
  return {
    accepted: accepted.size,
    once: [...markers].filter((marker) => deliveries.get(marker)?.length === 1).length,
    doubled: doubled.length,
    inGap: inGap.length,
    bounced: rows.filter(({ status }) => status === 'bounced').length,
    lost: lost.length,
    unknown: unknown.length,
    storedUntold: [...maybe].filter((marker) => byMarker.has(marker)).length,
    stallMs: longestStall(evidence.startedAt, smtp.deliveries),
    complaints,
  };
}

/** Every row must be at its end, and delivered unless that end says otherwise, even if the client got no answer. */
function whyLost(row: Row, deliveries: Arrival[], { smtp, delivery, bounces }: Evidence): string | undefined {
  switch (row.status) {
    case 'sent':
      return deliveries.length > 0 ? undefined : `${nameOf(row)} was never delivered`;
    case 'unknown':
      return delivery === 'at_most_once' ? undefined : nameOf(row);
    case 'bounced':
      return bounces && smtp.refused.includes(row.marker) ? undefined : `${nameOf(row)} was not refused`;
    default:
      return `${nameOf(row)} after ${row.attempts} attempts`;
  }
}

function nameOf({ marker, status, last_reply }: Row): string {
  return `${marker} (${status}${last_reply === null ? '' : `: ${last_reply}`})`;
}

/**
 * Of several deliveries, all but one must have been cut off before their reply was recorded: there was no reply, or the worker was
 * killed before it recorded the reply. The latter shows as an attempt that was begun and never recorded.
 */
function isInGap(row: Row | undefined, deliveries: Arrival[], kills: readonly Kill[]): boolean {
  if (!row) return false;
  const unanswered = deliveries.filter(({ replied }) => !replied).length;
  const cutByKill = deliveries.filter(({ replied, at, closedAt = 0 }) =>
    kills.some(
      (kill) =>
        replied &&
        at <= closedAt &&
        closedAt >= kill.at &&
        closedAt <= Math.max(kill.at + cutWithinMs, kill.until ?? 0),
    ),
  ).length;
  return deliveries.length - 1 <= unanswered + Math.min(cutByKill, row.attempts - row.recorded);
}

function groupByMarker(deliveries: readonly Arrival[]): Map<string, Arrival[]> {
  const groups = new Map<string, Arrival[]>();
  for (const delivery of deliveries) groups.set(delivery.marker, [...(groups.get(delivery.marker) ?? []), delivery]);
  return groups;
}

function longestStall(startedAt: number, deliveries: Arrival[]): number {
  let last = startedAt;
  let longest = 0;
  for (const { at } of deliveries) {
    longest = Math.max(longest, at - last);
    last = at;
  }
  return longest;
}

function split<Item>(items: Item[], belongs: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(belongs), items.filter((item) => !belongs(item))];
}
