// Relays whose replies do not fit what they were asked: nothing is taken for an answer that is none.
import { afterEach, describe, expect, it } from 'vitest';
import { obliging, startScriptedSmtpServer } from '../../infra/test/scripted-smtp-server.ts';
import { classify } from './outcome.ts';
import { parseRelayUrls } from './relay-url.ts';
import { createSmtpRelay, type SmtpRelay } from './smtp-relay.ts';

const to = ['b@example.com'];
const body = 'Subject: Hello\r\n\r\nHi\r\n';
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** A relay that says what is here in place of its replies, the first time it is asked, and is obliging otherwise. */
async function relayThatSays(replies: Record<string, string>, account = '') {
  const inClear = account === '' ? '' : '?requireTLS=false';
  const left = new Map(Object.entries(replies));
  let connections = 0;
  const server = await startScriptedSmtpServer((line) => {
    if (line === '') connections += 1;
    const command = line.slice(0, 4);
    const reply = left.get(command);
    left.delete(command);
    return reply ?? obliging(line);
  });
  cleanups.push(server.stop);
  const [address] = parseRelayUrls(server.url.replace('//', `//${account}`) + inClear).relays;
  if (address === undefined) throw new Error('no relay');
  const relay = createSmtpRelay(address, { connections: 1, timeoutMs: 2_000 });
  cleanups.push(relay.close);
  return { relay, lines: server.lines, connections: () => connections };
}
async function outcomeOf(relay: SmtpRelay, recipients = to) {
  const envelope = { from: 'a@example.com', to: recipients };
  const result = await relay.send({ envelope, compose: () => Buffer.from(body) });
  return classify(result, recipients).status;
}

describe('before the message', () => {
  it.each<[string, Record<string, string>]>([
    ['a greeting that is none', { '': '250 hello' }],
    ['a greeting without a code', { '': 'hello' }],
    ['more than the greeting', { '': '220 hello\r\n250 hello' }],
    ['one reply too many to EHLO', { EHLO: '250 fine\r\n250 fine' }],
    ['one reply too many to MAIL', { MAIL: '250 fine\r\n250 fine' }],
    ['one reply too many to RCPT', { RCPT: '250 fine\r\n354 go on' }],
    ['a refusal, and one reply too many', { RCPT: '550 5.1.1 unknown\r\n250 fine' }],
    ['354 to MAIL', { MAIL: '354 go on' }],
    ['221 to MAIL', { MAIL: '221 bye' }],
    ['221 to RCPT', { RCPT: '221 bye' }],
    ['lines with different codes', { RCPT: '250-fine\r\n550 unknown' }],
    ['a line without a code', { MAIL: 'fine' }],
    ['a line that never ends', { MAIL: `250 ${'x'.repeat(500_000)}` }],
    ['lines that never end', { MAIL: '250-x\r\n'.repeat(100_000) }],
    ['250 to DATA', { DATA: '250 fine' }],
    ['220 to DATA', { DATA: '220 fine' }],
    ['221 to DATA', { DATA: '221 bye' }],
    ['355 to DATA', { DATA: '355 go on' }],
    ['an answer to a message that it has not had', { DATA: '354 go on\r\n250 taken' }],
    [
      'a refusal, and then DATA taken, in one go',
      { EHLO: '250-x\r\n250 PIPELINING', RCPT: '550 no', DATA: '250 fine' },
    ],
  ])('%s: none of it is sent, the email waits', async (_what, replies) => {
    const { relay, lines } = await relayThatSays(replies);
    expect(await outcomeOf(relay)).toBe('deferred');
    expect(lines).not.toContain('Subject: Hello');
    expect(lines).not.toContain('.');
    expect(lines).not.toContain('RSET');
    expect(await outcomeOf(relay)).toBe('sent');
  });

  it('one reply too many to AUTH: none of it is sent', async () => {
    const { relay, lines } = await relayThatSays(
      { EHLO: '250-x\r\n250 AUTH PLAIN', AUTH: '235 2.7.0 welcome\r\n250 fine' },
      'user:secret@',
    );
    expect(await outcomeOf(relay)).toBe('deferred');
    expect(lines.some((line) => line.startsWith('AUTH'))).toBe(true);
    expect(lines.some((line) => line.startsWith('MAIL'))).toBe(false);
  });

  it('a refusal stands only if the relay is still in step afterwards', async () => {
    // As after one reply too many: the refusal is that of the second recipient, at DATA, and what RSET gets is the answer to DATA.
    const { relay } = await relayThatSays({ DATA: '550 5.1.1 unknown', RSET: '250 fine\r\n250 fine' });
    expect(await outcomeOf(relay, ['b@example.com', 'c@example.com'])).toBe('deferred');
  });
});

describe('after the final dot', () => {
  it.each([
    '354 go on',
    '300 hm',
    '150 wait',
    '600 what',
    '25 short',
    '2500 long',
    'taken',
    '221 bye',
    '250-taken\r\n550 5.7.1 no',
  ])('%s: nobody knows', async (reply) => {
    const { relay } = await relayThatSays({ '.': reply });
    expect(await outcomeOf(relay)).toBe('unknown');
    expect(await outcomeOf(relay)).toBe('sent');
  });

  it.each([
    ['taken', '250 taken\r\n250 taken', 'sent'],
    ['refused', '554 5.6.0 no\r\n250 fine', 'bounced'],
    ['taken, and about to close', '250 taken\r\n421 4.3.2 closing', 'sent'],
  ])('%s, and one reply too many: the next message goes over another connection', async (_what, reply, status) => {
    const { relay, lines, connections } = await relayThatSays({ '.': reply });
    // The second waits for nothing but the first one's reply.
    expect(await Promise.all([outcomeOf(relay).then(async (first) => [first, await outcomeOf(relay)])])).toEqual([
      [status, 'sent'],
    ]);
    expect(connections()).toBe(2);
    expect(lines).not.toContain('RSET');
  });

  it('one reply too many to RSET: the refusal stands no more, and the next message goes over another connection', async () => {
    const { relay, connections } = await relayThatSays({ RCPT: '550 5.1.1 unknown', RSET: '250 fine\r\n250 fine' });
    expect(await outcomeOf(relay)).toBe('deferred');
    expect(await outcomeOf(relay)).toBe('sent');
    expect(connections()).toBe(2);
  });

  it('several replies in one packet, each to its own command, are in step', async () => {
    const { relay, connections } = await relayThatSays({ EHLO: '250-x\r\n250-PIPELINING\r\n250 8BITMIME' });
    expect(await outcomeOf(relay)).toBe('sent');
    expect(await outcomeOf(relay)).toBe('sent');
    expect(connections()).toBe(1);
  });
});
