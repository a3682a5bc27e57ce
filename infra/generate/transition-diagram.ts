// Makes the diagram of an email's life from the table of transitions, for the place between the markers of ARCHITECTURE.md.
import { emailStatuses } from '../../lib/store/emails/email.ts';
import { movers, transitions } from '../../lib/store/emails/transitions.ts';

const begin = '<!-- transitions -->';
const end = '<!-- /transitions -->';

/** A diagram in Mermaid, and a table of the names on its arrows. */
export function diagram(): string {
  const arrows = new Map<string, string[]>();
  for (const { from, to, by, event } of transitions) {
    for (const each of from) {
      const arrow = `${each ?? '[*]'} --> ${to}`;
      // Reports have an event for each recipient.
      const label = event === to || (by === 'report' && event === null) ? by : `${by} (${event ?? 'no event'})`;
      arrows.set(arrow, [...(arrows.get(arrow) ?? []), label]);
    }
  }
  const left = new Set(transitions.flatMap(({ from }) => from));
  const ends = emailStatuses.filter((status) => !left.has(status)).map((status) => `  ${status} --> [*]`);
  return [
    '```mermaid',
    'stateDiagram-v2',
    ...[...arrows].map(([arrow, labels]) => `  ${arrow}: ${labels.join(', ')}`),
    ...ends,
    '```',
    '',
    'Each arrow says who makes the transition and, in brackets, its event, if the event has another name than the new status. A report',
    'has an event for each recipient.',
    '',
    '| by | who |',
    '| --- | --- |',
    ...Object.entries(movers).map(([by, who]) => `| \`${by}\` | ${who} |`),
  ].join('\n');
}

/** The text with the present diagram between its markers. */
export function withDiagram(text: string): string {
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`there is no place for the diagram: ${begin} … ${end}`);
  return `${text.slice(0, from)}${begin}\n${diagram()}\n${text.slice(to)}`;
}
