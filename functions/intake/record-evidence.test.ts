// Which email a piece of evidence is about, and what is handed to the database of it.
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { createReturnPaths } from '../../lib/mail/return-path.ts';
import type { GivenReport, ReportOutcome } from '../../lib/store/emails/reports.ts';
import type { Evidence } from './evidence.ts';
import { createIntakeMetrics } from './metrics.ts';
import { createRecorder, emailOfMessageId, findEmail, mostEvidence } from './record-evidence.ts';

const returnPaths = createReturnPaths('bounce.example.com', ['s'.repeat(32)]);
const [one, other] = ['01890000-0000-7000-8000-000000000001', '01890000-0000-7000-8000-000000000002'];
const forged = returnPaths.addressOf(one).replace(/.@/, (last) => (last === 'a@' ? 'b@' : 'a@'));

describe('an email is found', () => {
  it.each([
    ['by its return path', { returnPath: returnPaths.addressOf(one), messageId: `<${other}@example.com>` }, one, null],
    ['by its envelope id', { envelopeId: returnPaths.envelopeIdOf(one), emailId: other }, one, null],
    ['by its Message-ID', { messageId: `<${one}@example.com>`, emailId: other }, one, `<${one}@example.com>`],
    [
      'by that without brackets',
      { messageId: `${one.toUpperCase()}@example.com` },
      one,
      `<${one.toUpperCase()}@example.com>`,
    ],
    ['by its id', { emailId: one }, one, null],
    ['by the next proof where a mac is wrong', { returnPath: forged, emailId: one }, one, null],
  ])('%s', (_, match, email_id, message_id) => {
    expect(findEmail(match, returnPaths)).toEqual({ email_id, message_id });
  });

  it.each([
    ['by a forged mac', { returnPath: forged }],
    ['by a forged envelope id', { envelopeId: forged.slice(0, forged.indexOf('@')) }],
    ['by the Message-ID of somebody else', { messageId: '<20260131@example.org>' }],
    ['by an id that is none', { emailId: "x' or true" }],
    ['by nothing', {}],
  ])('never %s', (_, match) => {
    expect(findEmail(match, returnPaths)).toBeUndefined();
  });

  it('never by a return path where there are none', () => {
    expect(findEmail({ returnPath: returnPaths.addressOf(one) }, undefined)).toBeUndefined();
  });

  it.each([
    ...['', '<>', '@', `<${one}>`, `<${one}@${'x'.repeat(400)}>`, `<x${one}@example.com>`],
    // What PostgreSQL cannot store.
    ...[`<${one}@exa\0mple.com>`, `<${one}@\ud800.example.com>`, `${one}@example.com\x1b`],
  ])('not by %j', (messageId) => {
    expect(emailOfMessageId(messageId)).toBeUndefined();
  });
});

describe('what is recorded', () => {
  const piece = (more: Partial<Evidence> = {}): Evidence => ({
    ...{ match: { emailId: one }, kind: 'bounced', recipient: 'a@example.com', at: new Date(0), source: 'ses' },
    ...more,
  });
  async function record(evidence: Evidence[], outcome: ReportOutcome = 'recorded') {
    const written: GivenReport[] = [];
    const registry = new Registry();
    const recorder = createRecorder({
      returnPaths,
      write: async (reports) => {
        written.push(...reports);
        return reports.map(() => outcome);
      },
      metrics: createIntakeMetrics(registry, () => 0),
    });
    const counts = await recorder(evidence);
    return { written, counts, metrics: await registry.metrics() };
  }

  it('has its words made safe to store', async () => {
    const { written } = await record([
      piece({
        recipient: 'A@ExÄmple.com',
        at: new Date(Number.NaN),
        code: 5500,
        enhancedCode: '5.1.1; x',
        category: 'c'.repeat(100),
        text: `a\0b\r\n\ud800${'x'.repeat(5_000)}`,
      }),
    ]);
    expect(written).toHaveLength(1);
    const [{ keys, detail }] = written as [GivenReport];
    expect(keys).toEqual(['A@xn--exmple-cua.com', 'A@exämple.com']);
    expect(detail).toMatchObject({ reported_at: null, code: null, enhanced_code: null, category: 'c'.repeat(40) });
    expect(detail.reply).toMatch(/^a b \ufffdx+$/);
    expect(detail.reply?.length).toBeLessThanOrEqual(1_000);
  });

  it('is hard only of a bounce', async () => {
    const { written } = await record([piece({ hard: true }), piece({ hard: true, kind: 'delayed' })]);
    expect(written.map(({ hard, detail }) => [hard, detail.hard])).toEqual([
      [true, true],
      [false, false],
    ]);
  });

  it('may be about an only recipient of another name, unless several are named', async () => {
    const only = await record([piece(), piece({ kind: 'complained' }), piece({ match: { emailId: other } })]);
    expect(only.written.map((each) => each.may_be_other)).toEqual([true, true, true]);
    const several = await record([
      piece(),
      piece({ recipient: 'b@example.com' }),
      piece({ match: { emailId: other } }),
    ]);
    expect(several.written.map((each) => each.may_be_other)).toEqual([false, false, true]);
  });

  it('tells of deliveries only where a provider does: anybody may send a mail', async () => {
    const sources = ['smtp', 'message', 'ses', 'resend'] as const;
    const { written } = await record(sources.map((source) => piece({ source, kind: 'delivered' })));
    expect(written.map(({ tells_deliveries }) => tells_deliveries)).toEqual([false, false, true, true]);
    expect((await record([piece()])).written[0]?.tells_deliveries).toBe(false);
  });

  it('is counted: also what is of no email', async () => {
    const { counts, metrics } = await record([piece(), piece({ match: { returnPath: forged }, source: 'smtp' })]);
    expect(counts).toEqual({ recorded: 1, kept: 0, repeated: 0, unknown_email: 1, unknown_recipient: 0 });
    expect(metrics).toContain('intake_reports_total{source="ses",kind="bounced",outcome="recorded"} 1');
    expect(metrics).toContain('intake_reports_total{source="smtp",kind="bounced",outcome="unknown_email"} 1');
  });

  it('is no more than anybody reports at once', async () => {
    const { written } = await record(Array(mostEvidence + 5).fill(piece()));
    expect(written).toHaveLength(mostEvidence);
  });

  it('never names an address that is none', async () => {
    for (const recipient of [undefined, '', 'nobody', `${'x'.repeat(300)}@example.com`])
      expect((await record([piece({ recipient })])).written[0]?.keys).toEqual([]);
  });
});
