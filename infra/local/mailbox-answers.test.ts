// What the mailbox of local mode answers is read by the intake function as what it is meant to be.
import { expect, it } from 'vitest';
import { readReport } from '../../lib/mail/reports/read-report.ts';
import { reportsOf } from './mailbox-answers.ts';

const arrived = { from: 'b-x@bounce.example.test', messageId: '<1@example.com>' };

it.each([
  ['bounce@example.com', 'bounce', 'bounced', true],
  ['Bounce@example.org', 'bounce', 'bounced', true],
  ['delay@example.com', 'delay', 'delayed', false],
  ['complaint@example.com', 'complaint', 'complained', false],
])('mail for %s brings a %s', (recipient, kind, outcome, hard) => {
  const [report = '', ...others] = reportsOf({ ...arrived, to: ['a@example.com', recipient] });
  expect(others).toEqual([]);
  const read = readReport(Buffer.from(report));
  expect(read.kind).toBe(kind);
  expect(read.recipients).toEqual([expect.objectContaining({ recipient, outcome, hard })]);
  expect(read.email.message_ids).toEqual(['<1@example.com>']);
});

it('mail for others brings nothing', () => {
  expect(reportsOf({ ...arrived, to: ['a@example.com', 'bounce.me@example.com', 'constructor@example.com'] })).toEqual(
    [],
  );
});
