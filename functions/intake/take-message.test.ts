// What is made of a message: which evidence, and of which email.
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { createReturnPaths } from '../../lib/mail/return-path.ts';
import type { Evidence } from './evidence.ts';
import { createIntakeMetrics } from './metrics.ts';
import { createTakeMessage } from './take-message.ts';

const returnPaths = createReturnPaths('bounce.example.com', ['s'.repeat(32)]);
const [one, other] = ['01890000-0000-7000-8000-000000000001', '01890000-0000-7000-8000-000000000002'];
const path = returnPaths.addressOf(one);

function report({ action = 'failed', envelopeId = '', messageId = '', count = 1, to = 'r', sender = '' } = {}): Buffer {
  const recipients = Array.from({ length: count }, (_, index) =>
    [
      '',
      `Final-Recipient: rfc822; ${to}${to === 'r' ? index : ''}@example.com`,
      `Action: ${action}`,
      'Status: 5.1.1',
    ].join('\r\n'),
  );
  return Buffer.from(
    [
      'Content-Type: multipart/report; report-type=delivery-status; boundary=b',
      '',
      '--b',
      'Content-Type: message/delivery-status',
      '',
      'Reporting-MTA: dns; relay.example.net',
      ...(envelopeId ? [`Original-Envelope-Id: ${envelopeId}`] : []),
      ...recipients,
      '',
      '--b',
      'Content-Type: text/rfc822-headers',
      '',
      'Subject: Hello',
      ...(sender ? [`Return-Path: ${sender}`] : []),
      ...(messageId ? [`Message-ID: ${messageId}`] : []),
      '',
      '--b--',
      '',
    ].join('\r\n'),
  );
}

async function taken(message: Buffer, to: string[] = [], source: 'smtp' | 'message' = 'smtp') {
  const seen: Evidence[] = [];
  const registry = new Registry();
  const take = createTakeMessage({
    metrics: createIntakeMetrics(registry, () => 0),
    returnPaths,
    record: async (evidence) => {
      seen.push(...evidence);
      return { recorded: evidence.length, kept: 0, repeated: 0, unknown_email: 0, unknown_recipient: 0 };
    },
  });
  const { kind } = await take(message, { source, to });
  return { kind, seen, metrics: await registry.metrics() };
}

describe('a report', () => {
  it('that came to a return path is about that email alone, whatever else it names', async () => {
    const { kind, seen } = await taken(report({ messageId: '<20260131@relay.example.net>' }), [path]);
    expect(kind).toBe('bounce');
    expect(seen).toEqual([
      expect.objectContaining({
        ...{ match: { returnPath: path }, kind: 'bounced', recipient: 'r0@example.com', source: 'smtp' },
        ...{ enhancedCode: '5.1.1', hard: true },
      }),
    ]);
  });

  it.each([
    ['another email by its Message-ID', { messageId: `<${other}@example.com>` }],
    ['another email by its envelope id', { envelopeId: returnPaths.envelopeIdOf(other) }],
  ])('that came to a return path and names %s is about neither', async (_, said) => {
    const { kind, seen, metrics } = await taken(report(said), [path]);
    expect([kind, seen]).toEqual(['foreign', []]);
    expect(metrics).toContain('intake_messages_total{source="smtp",kind="foreign"} 1');
  });

  it.each([
    ['the null sender', { sender: '<>' }],
    ['a mail server, to which it went', { to: 'MAILER-DAEMON' }],
  ])('of a report from %s is none of ours', async (_, said) => {
    for (const to of [[path], []]) {
      const { kind, seen } = await taken(report({ ...said, messageId: `<${one}@example.com>` }), to);
      expect([kind, seen]).toEqual(['foreign', []]);
    }
  });

  it('that came to several return paths is about those whose email it names', async () => {
    const paths = [path, returnPaths.addressOf(other)];
    const { seen } = await taken(report({ messageId: `<${other}@example.com>` }), paths);
    expect(seen.map(({ match }) => match)).toEqual([{ returnPath: paths[1] }]);
    expect((await taken(report(), paths)).seen).toHaveLength(2);
  });

  it('that came to none is found by what it names, by the mac first', async () => {
    const envelopeId = returnPaths.envelopeIdOf(one);
    const { seen } = await taken(report({ envelopeId, messageId: `<${one}@example.com>` }), [], 'message');
    expect(seen).toEqual([
      expect.objectContaining({
        match: { returnPath: undefined, envelopeId, messageId: `<${one}@example.com>` },
        source: 'message',
      }),
    ]);
  });

  it.each([
    ['delayed', 'delayed', 'delay'],
    ['delivered', 'delivered', 'delivery'],
  ])('says what it says: %s', async (action, expected, kind) => {
    const found = await taken(report({ action }), [path]);
    expect([found.kind, found.seen.map((piece) => piece.kind)]).toEqual([kind, [expected]]);
  });

  it('says nothing of what was passed on to where nobody reports from', async () => {
    for (const action of ['relayed', 'expanded']) expect((await taken(report({ action }), [path])).seen).toEqual([]);
  });

  it('has a bound on its recipients', async () => {
    const { seen } = await taken(report({ count: 5_000 }), [path]);
    expect(seen.length).toBeLessThanOrEqual(100);
  });
});

it.each([
  ['an automatic reply', 'Auto-Submitted: auto-replied\r\nSubject: Away\r\n\r\nI am away.'],
  ['nothing at all', ''],
  ['what is no message', '\0\xff'.repeat(10_000)],
  ['mail of a person', 'Subject: Re: Hello\r\n\r\nThank you!'],
])('%s changes nothing', async (_, text) => {
  expect((await taken(Buffer.from(text, 'latin1'), [path])).seen).toEqual([]);
});
