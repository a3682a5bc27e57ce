// Compares a report as the API reads it with what another reader (Sisimai) says of the same message. Pure.
import type { Report, ReportKind } from '../../lib/mail/reports/report.ts';

/** Of one recipient, in the words of that reader. */
export interface Expected {
  recipient: string;
  reason: string;
  hard: boolean;
  action: string | null;
}

export const figures = ['recipients', 'hard or not', 'kind', 'complaints'] as const;
export type Figure = (typeof figures)[number];

/** The share that must be right. */
export const least: Record<Figure, number> = { recipients: 0.98, 'hard or not': 0.95, kind: 0.98, complaints: 1 };

export interface Comparison {
  figure: Figure;
  isRight: boolean;
  /** What both say, without addresses. */
  told: string;
}

export function compare(wanted: readonly Expected[], report: Report): Comparison[] {
  const names = sorted(wanted);
  const found = sorted(report.recipients);
  const kind = kindOf(wanted);
  const all: Comparison[] = [
    {
      figure: 'recipients',
      isRight: names.join() === found.join(),
      told: `${names.length} expected, ${found.length} found`,
    },
    { figure: 'kind', isRight: kind === report.kind, told: `${kind} expected, ${report.kind} found` },
  ];
  if (kind === 'complaint') all.push({ figure: 'complaints', isRight: report.kind === 'complaint', told: report.kind });
  for (const { recipient, reason, hard } of wanted) {
    const ours = report.recipients.find((each) => each.recipient.toLowerCase() === recipient.toLowerCase());
    const isHard = ours?.hard ?? false;
    all.push({
      figure: 'hard or not',
      isRight: isHard === hard,
      told: `${hard} (${reason}) expected, ${isHard} (${ours?.category}) found`,
    });
  }
  return all;
}

function kindOf(wanted: readonly Expected[]): ReportKind {
  if (wanted.length === 0) return 'auto_reply';
  if (wanted.some(({ reason }) => reason === 'feedback')) return 'complaint';
  const actions = wanted.map(({ action }) => action);
  if (actions.includes('failed')) return 'bounce';
  return actions.includes('delayed') ? 'delay' : 'delivery';
}

function sorted(recipients: readonly { recipient: string }[]): string[] {
  return recipients.map(({ recipient }) => recipient.toLowerCase()).sort();
}
