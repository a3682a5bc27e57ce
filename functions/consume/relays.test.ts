import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Behaviour, startSmtpServer, type TestSmtpServer } from '../../infra/test/smtp-server.ts';
import { createLog } from '../../lib/process/log.ts';
import type { Lane } from '../../lib/store/emails/email.ts';
import { parseRelayUrls } from './relay-url.ts';
import { createRelays } from './relays.ts';
import { createSmtpRelay } from './smtp-relay.ts';

const message = (subject = 'x') => ({
  envelope: { from: 'a@example.com', to: ['b@example.com', 'c@example.com'] },
  compose: () => Readable.from([Buffer.from(`Subject: ${subject}\r\n\r\nHi\r\n`)]),
});

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function startRelays(
  count: number,
  { coolDownMs = 60_000, connections = 10, url = (given: string) => given } = {},
) {
  const servers: TestSmtpServer[] = [];
  for (let n = 0; n < count; n += 1) {
    servers.push(await startSmtpServer({ allowInsecureAuth: true }));
  }
  const lines: { level: string; message: string; relay?: string }[] = [];
  const log = createLog('consume', 'info', (line) => lines.push(JSON.parse(line)));
  const { relays: addresses } = parseRelayUrls(servers.map((server) => url(server.url)).join(' '));
  const relays = createRelays(
    addresses.map((address) => createSmtpRelay(address, { connections, timeoutMs: 60_000 })),
    { failures: 3, coolDownMs, maxCoolDownMs: coolDownMs * 4 },
    log,
  );
  cleanups.push(...servers.map((server) => server.stop), relays.close);
  const [first, second = first] = servers as [TestSmtpServer, TestSmtpServer?];
  const endings = async () => (await relays.send(message(), 'transactional')).map(({ result }) => result.ended);
  return { relays, first, second, lines, endings, names: addresses.map(({ name }) => name) };
}

describe('several relays', () => {
  it('the first is preferred', async () => {
    const { relays, first, second, names } = await startRelays(2);
    expect(await relays.send(message(), 'bulk')).toMatchObject([{ relay: names[0], result: { ended: 'accepted' } }]);
    expect([first.received.length, second.connections()]).toEqual([1, 0]);
  });

  it.each<[string, Behaviour, string[]]>([
    ['421 at connect', { refuseConnection: [421, 'busy'] }, ['refused', 'accepted']],
    ['sender deferred', { refuseSender: [451, 'later'] }, ['refused', 'accepted']],
    ['deferred after the final dot', { answerData: [451, 'later'] }, ['refused', 'accepted']],
    ['refused after the final dot', { answerData: [554, 'no'] }, ['refused']],
    ['dropped after the final dot', { drop: 'after_final_dot' }, ['lost']],
    ['one recipient deferred', { refuse: { 'b@example.com': [450, 'later'] } }, ['accepted']],
    [
      'one refused, one deferred',
      { refuse: { 'b@example.com': [550, 'no'], 'c@example.com': [450, 'l'] } },
      ['refused'],
    ],
  ])('%s: %j', async (_what, behaviour, expected) => {
    const { first, second, endings } = await startRelays(2);
    first.behave(behaviour);
    expect(await endings()).toEqual(expected);
    expect(second.received).toHaveLength(expected.length - 1);
  });

  it('too large for the one, and the other is left alone just now: it waits', async () => {
    const { first, second, endings } = await startRelays(2);
    first.behave({ refuseConnection: [421, 'busy'] });
    for (let trouble = 0; trouble < 3; trouble++) await endings();
    second.behave({ answerData: [552, '5.3.4 too large'] });
    expect(await endings()).toEqual([]);
  });

  it('all refuse for now: a conversation with each, in order', async () => {
    const { relays, first, second, names } = await startRelays(2);
    first.behave({ refuseSender: [451, 'later'] });
    second.behave({ refuseSender: [452, 'later'] });
    expect(await relays.send(message(), 'bulk')).toMatchObject([
      { relay: names[0], result: { reply: { code: 451 } } },
      { relay: names[1], result: { reply: { code: 452 } } },
    ]);
  });
});

describe('the breaker of a relay', () => {
  /** The clock by which breakers go is so many milliseconds ahead. */
  let ahead = 0;
  const now = performance.now.bind(performance);
  beforeEach(() => {
    ahead = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now() + ahead);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('opens after troubles in a row, leaves the relay alone, probes it once at a time, and closes', async () => {
    const { relays, first, second, lines, endings, names } = await startRelays(2);
    first.behave({ refuseConnection: [421, 'busy'] });
    for (let n = 0; n < 3; n += 1) expect(await endings()).toEqual(['refused', 'accepted']);
    expect(relays.states()).toEqual([
      { name: names[0], state: 'open', consecutive_failures: 3 },
      { name: names[1], state: 'closed', consecutive_failures: 0 },
    ]);
    expect(await endings()).toEqual(['accepted']);
    expect(first.connections()).toBe(3);

    ahead += 60_001;
    const probes = await Promise.all([endings(), endings(), endings()]);
    expect(probes.flat().toSorted()).toEqual(['accepted', 'accepted', 'accepted', 'refused']);
    expect(first.connections()).toBe(4);

    first.behave({});
    ahead += 120_001;
    expect(await endings()).toEqual(['accepted']);
    expect(first.received).toHaveLength(1);
    expect(relays.states()[0]).toMatchObject({ state: 'closed', consecutive_failures: 0 });
    expect(second.received).toHaveLength(7);
    expect(lines.map(({ level, message, relay }) => [level, message, relay])).toEqual([
      ['warn', 'relay left alone', names[0]],
      ['warn', 'relay left alone', names[0]],
      ['info', 'relay works again', names[0]],
    ]);
  });

  it('does not mind refusals of emails', async () => {
    const { relays, first, endings } = await startRelays(1);
    first.behave({ answerData: [554, 'no'] });
    for (let n = 0; n < 5; n += 1) expect(await endings()).toEqual(['refused']);
    expect(relays.states()).toMatchObject([{ state: 'closed', consecutive_failures: 0 }]);
  });

  it('open everywhere: no conversation, and a wait until the first probe', async () => {
    const { relays, first, endings } = await startRelays(1, { coolDownMs: 1_000_000 });
    await first.stop();
    cleanups.shift();
    for (let n = 0; n < 3; n += 1) expect(await endings()).toEqual(['lost']);
    expect(await endings()).toEqual([]);
    expect(relays.awayForMs(0)).toBeGreaterThan(500_000);
    expect(relays.awayForMs(0)).toBeLessThanOrEqual(1_000_000);
    expect(relays.awayForMs(1)).toBeGreaterThan(1_500_000);
  });

  it('an account that is refused is shouted about, once', async () => {
    const withWrongPassword = (url: string) => `${url.replace('://', '://me:hunter2@')}?requireTLS=false`;
    const { first, endings, lines, names } = await startRelays(1, { url: withWrongPassword });
    first.behave({ refuseAuth: [535, '5.7.8 wrong: hunter2'] });
    for (let n = 0; n < 3; n += 1) expect(await endings()).toEqual(['refused']);
    expect(lines.filter(({ level }) => level === 'error')).toMatchObject([{ relay: names[0], code: 535 }]);
    expect(JSON.stringify(lines)).not.toContain('hunter2');
  });

  it('a relay that will not relay for us is shouted about too, without the address it names', async () => {
    const { relays, first, endings, lines } = await startRelays(1);
    const denied: [number, string] = [554, '5.7.1 <b@example.com>: Relay access denied'];
    first.behave({ refuse: { 'b@example.com': denied, 'c@example.com': denied } });
    expect(await endings()).toEqual(['refused']);
    expect(relays.states()).toMatchObject([{ consecutive_failures: 1 }]);
    expect(lines).toMatchObject([{ level: 'error', reason: '<***@example.com>: Relay access denied' }]);
  });

  it('an account that has used up its limit is shouted about and left alone; the next relay takes the emails', async () => {
    const { relays, first, second, endings, lines, names } = await startRelays(2);
    first.behave({ answerData: [550, '5.4.5 Daily user sending limit exceeded'] });
    for (let n = 0; n < 3; n += 1) expect(await endings()).toEqual(['refused', 'accepted']);
    expect(await endings()).toEqual(['accepted']);
    expect(second.received).toHaveLength(4);
    expect(relays.states()[0]).toMatchObject({ state: 'open' });
    expect(lines.filter(({ level }) => level === 'error')).toMatchObject([{ relay: names[0], code: 550 }]);
  });

  it('a sender that the account may not use is shouted about, but other senders go on', async () => {
    const { relays, first, second, endings, lines } = await startRelays(2);
    first.behave({ refuseSender: [553, '5.7.1 <a@example.com>: Sender address rejected: not owned by user me'] });
    for (let n = 0; n < 4; n += 1) expect(await endings()).toEqual(['refused', 'accepted']);
    expect(second.received).toHaveLength(4);
    expect(relays.states()[0]).toMatchObject({ state: 'closed', consecutive_failures: 0 });
    expect(lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  });
});

describe('lanes', () => {
  /** What the relay takes, in order, when two transactional emails come while all that bulk ones may hold is held by slow conversations. */
  async function order(connections: number, held: number): Promise<string[]> {
    const { relays, first } = await startRelays(1, { connections });
    const send = (subject: string, lane: Lane) => relays.send(message(subject), lane);
    let underWay = 0;
    const allHeld = new Promise<void>((resolve) => {
      first.behave({
        slowMs: 1_000,
        onMessage: () => {
          underWay += 1;
          if (underWay === held) resolve();
        },
      });
    });
    const backlog = Array.from({ length: 8 }, (_, n) => send(`bulk ${n}`, 'bulk'));
    await allHeld;
    first.behave({});
    await Promise.all([...backlog, send('urgent 1', 'transactional'), send('urgent 2', 'transactional')]);
    return first.received.map(({ raw }) => /Subject: (.*)\r/.exec(raw)?.[1] ?? '');
  }

  it('with one connection, transactional emails wait for the conversation under way, and for no other', async () => {
    const taken = await order(1, 1);
    expect(taken.slice(0, 4)).toEqual(['bulk 0', 'urgent 1', 'urgent 2', 'bulk 1']);
    expect(taken).toHaveLength(10);
  });

  it('with several, one is free for them: they wait for none', async () => {
    const taken = await order(4, 3);
    expect(taken.slice(0, 2)).toEqual(['urgent 1', 'urgent 2']);
    expect(taken).toHaveLength(10);
  });
});
