// Answers have the columns that the list says they have, and no others.
import { expect, it } from 'vitest';
import { emailColumns } from '../../lib/store/emails/columns.ts';
import { showEmail, showSummary } from './show.ts';

const names = Object.keys(emailColumns);
/** Each column holds what tells of it wherever it is shown. */
const mark = (name: string) => `the ${name}`;
const row = Object.fromEntries(names.map((name) => [name, mark(name)]));
const email = {
  ...row,
  recipients: [mark('recipients')],
  settled: { [mark('recipients')]: { reply: mark('settled') } },
} as unknown as Parameters<typeof showEmail>[0];

/** The columns that are found in an answer, with the fields they are found in. */
function found(answer: object): string[] {
  return Object.entries(answer).flatMap(([field, value]) =>
    names.filter((name) => JSON.stringify(value)?.includes(`"${mark(name)}"`)).map((name) => `${field}: ${name}`),
  );
}

function listed(...places: string[]): string[] {
  return Object.entries(emailColumns).flatMap(([name, column]) =>
    places.includes(column.shown ?? '') ? [`${'as' in column ? column.as : name}: ${name}`] : [],
  );
}

it('a list shows what is listed for lists', () => {
  expect(found(showSummary(email)).toSorted()).toEqual(listed('list').toSorted());
});

it('a single email shows that, and what is listed for it alone', () => {
  const answer = showEmail(email, []);
  expect(found(answer).toSorted()).toEqual(listed('list', 'email').toSorted());
});
