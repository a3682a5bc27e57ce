import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { expiredCertificate } from '../../infra/test/expired-certificate.ts';
import { obliging, type Script, startScriptedSmtpServer } from '../../infra/test/scripted-smtp-server.ts';
import { startSmtpServer } from '../../infra/test/smtp-server.ts';
import { failover, isRelayTrouble } from './failover.ts';
import { type AttemptResult, classify } from './outcome.ts';
import { parseRelayUrls, type RelayAddress } from './relay-url.ts';
import type { SmtpMessage } from './smtp.ts';
import { createSmtpRelay, type SmtpRelay } from './smtp-relay.ts';

const body = 'Subject: Hello\r\n\r\nHi\r\n';
const message = (over: Partial<SmtpMessage> = {}): SmtpMessage => ({
  envelope: { from: 'a@example.com', to: ['b@example.com'] },
  compose: () => Readable.from([Buffer.from(body)]),
  ...over,
});
const outcomeOf = (result: AttemptResult) => {
  const { status, category, reply } = classify(result, ['b@example.com']);
  return [status, category, reply?.code];
};

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});
async function smtpServer(...args: Parameters<typeof startSmtpServer>) {
  const server = await startSmtpServer(...args);
  cleanups.push(server.stop);
  return server;
}
async function scripted(script: Script) {
  const server = await startScriptedSmtpServer(script);
  cleanups.push(server.stop);
  return server;
}
function relayAt(
  url: string,
  { timeoutMs = 60_000, ...over }: Partial<RelayAddress> & { timeoutMs?: number } = {},
): SmtpRelay {
  const { relays, faults } = parseRelayUrls(url);
  if (relays[0] === undefined) throw new Error(faults.join());
  const relay = createSmtpRelay({ ...relays[0], ...over }, { connections: 5, timeoutMs });
  cleanups.push(relay.close);
  return relay;
}

describe('reports (RFC 3461)', () => {
  const envelope = { from: 'b-1-2@bounce.example.com', to: ['a@example.com', 'b@example.com'], envelopeId: 'b-1-2' };

  it.each([
    ['are asked for where the relay offers them', envelope, false, { ENVID: 'b-1-2', RET: 'HDRS' }, 'FAILURE,DELAY'],
    ['are not where it does not', envelope, true, {}, undefined],
    ['are not without a return path', { ...envelope, envelopeId: undefined }, false, {}, undefined],
  ])('%s', async (_, given, hideDSN, sender, notify) => {
    const asked: unknown[] = [];
    const server = await smtpServer({
      hideDSN,
      onRcptTo({ args }, session, done) {
        const { mailFrom } = session.envelope;
        asked.push([mailFrom && { ...mailFrom.args }, args ? args.NOTIFY : undefined]);
        done();
      },
    });
    const { ended } = await relayAt(server.url).send(message({ envelope: given }));
    expect(ended).toBe('accepted');
    const { SIZE: _size, BODY: _body, ...rest } = (asked[0] as [Record<string, string>])[0] ?? {};
    expect(rest).toEqual(sender);
    expect(asked.map((each) => (each as unknown[])[1])).toEqual([notify, notify]);
  });
});

describe('how a conversation ends, at a real server', () => {
  it('taken, over one connection after the other message', async () => {
    const server = await smtpServer();
    const relay = relayAt(server.url);
    expect(outcomeOf(await relay.send(message()))).toEqual(['sent', 'accepted', 250]);
    expect(outcomeOf(await relay.send(message()))).toEqual(['sent', 'accepted', 250]);
    expect(server.connections()).toBe(1);
    expect(server.received[0]).toEqual({ from: 'a@example.com', to: ['b@example.com'], raw: body });
  });

  it.each<[string, Parameters<Awaited<ReturnType<typeof startSmtpServer>>['behave']>[0], unknown[]]>([
    ['busy at connect', { refuseConnection: [421, '4.3.2 busy'] }, ['deferred', 'mail_system', 421]],
    ['closed to us at connect', { refuseConnection: [554, '5.3.2 no'] }, ['deferred', 'mail_system', 554]],
    ['sender deferred', { refuseSender: [451, '4.7.1 later'] }, ['deferred', 'policy', 451]],
    ['sender refused', { refuseSender: [550, '5.7.1 no'] }, ['bounced', 'policy', 550]],
    ['recipient refused', { refuse: { 'b@example.com': [550, '5.1.1 unknown'] } }, ['bounced', 'address', 550]],
    ['recipient deferred', { refuse: { 'b@example.com': [450, '4.2.0 later'] } }, ['deferred', 'mailbox', 450]],
    ['deferred after the final dot', { answerData: [451, '4.3.0 later'] }, ['deferred', 'mail_system', 451]],
    ['refused after the final dot', { answerData: [554, '5.6.0 no'] }, ['bounced', 'content', 554]],
    ['dropped after the final dot', { drop: 'after_final_dot' }, ['unknown', 'outcome_unknown', undefined]],
    ['silent after the final dot', { slowMs: 10_000 }, ['unknown', 'outcome_unknown', undefined]],
  ])('%s', async (_what, behaviour, expected) => {
    const server = await smtpServer();
    server.behave(behaviour);
    // For the one that is silent: long enough for every reply of a server that is not.
    const relay = relayAt(server.url, 'slowMs' in behaviour ? { timeoutMs: 2_000 } : {});
    expect(outcomeOf(await relay.send(message()))).toEqual(expected);
    // And the relay can be used again at once.
    server.behave({});
    expect(outcomeOf(await relay.send(message()))).toEqual(['sent', 'accepted', 250]);
    expect(server.received).toHaveLength(1);
  });

  it('dropped in the midst of the message', async () => {
    const server = await smtpServer();
    server.behave({ drop: 'in_data' });
    const compose = () => {
      const endless = new PassThrough();
      endless.write(body.repeat(10_000));
      return endless;
    };
    expect(outcomeOf(await relayAt(server.url).send(message({ compose })))).toEqual([
      'deferred',
      'connection',
      undefined,
    ]);
  });

  it('nobody there', async () => {
    const server = await smtpServer();
    await server.stop();
    expect(outcomeOf(await relayAt(server.url).send(message()))).toEqual(['deferred', 'connection', undefined]);
  });

  it('some recipients refused, then dropped after the final dot: each is told apart', async () => {
    const server = await smtpServer();
    server.behave({ refuse: { 'gone@example.com': [550, '5.1.1 unknown'] }, drop: 'after_final_dot' });
    const to = ['b@example.com', 'gone@example.com'];
    const result = await relayAt(server.url).send(message({ envelope: { from: 'a@example.com', to } }));
    expect([...classify(result, to).recipients.values()].map(({ status }) => status)).toEqual(['unknown', 'bounced']);
  });
});

describe('what a relay must not get', () => {
  it.each([
    ['the claim was lost', { beforeData: () => Promise.reject(new Error('lost')) }],
    ['composing fails in the midst', { compose: () => failing((fail) => void setTimeout(50).then(fail)) }],
    ['composing fails at once', { compose: () => failing(process.nextTick) }],
    [
      'there is nothing to compose',
      {
        compose: () => {
          throw new Error('no');
        },
      },
    ],
  ])('%s: the end of the message', async (_what, over) => {
    const server = await scripted(obliging);
    const relay = relayAt(server.url);
    const result = await relay.send(message(over));
    expect(result).toMatchObject({ ended: 'abandoned', error: expect.any(Error) });
    expect(outcomeOf(await relay.send(message()))).toEqual(['sent', 'accepted', 250]);
    expect(server.lines.filter((line) => line === '.')).toHaveLength(1);
  });

  it('the final dot of a long message, when the claim is not sure by then', async () => {
    const server = await scripted(obliging);
    const relay = relayAt(server.url);
    const beforeDot = () => {
      throw new Error('uncertain');
    };
    const compose = () => Readable.from([Buffer.from(body.repeat(10_000))]);
    const result = await relay.send(message({ compose, beforeDot }));
    expect(result).toMatchObject({ ended: 'abandoned', error: expect.objectContaining({ message: 'uncertain' }) });
    await expect.poll(server.open).toBe(0);
    expect(server.lines.length).toBeGreaterThan(1_000);
    expect(server.lines).not.toContain('.');
  });

  it('a byte of the message before it may', async () => {
    const server = await scripted(obliging);
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const sending = relayAt(server.url).send(message({ beforeData: () => held }));
    await setTimeout(200);
    expect(server.lines.at(-1)).toBe('DATA');
    release();
    expect(outcomeOf(await sending)).toEqual(['sent', 'accepted', 250]);
  });
});

describe('a relay that misbehaves', () => {
  it('drops the connection in place of answering RSET: the refusal stands, nobody waits for ever', async () => {
    const server = await scripted((line) => {
      if (line.startsWith('RCPT')) return '550 5.1.1 unknown';
      return line === 'RSET' ? 'close' : obliging(line);
    });
    expect(outcomeOf(await relayAt(server.url).send(message()))).toEqual(['bounced', 'address', 550]);
  });

  it('answers before the end of the message: refused, and the connection is not used again', async () => {
    const server = await scripted((line) => (line === 'DATA' ? '354 go on\r\n552 5.3.4 too big' : obliging(line)));
    const compose = () => {
      const endless = new PassThrough();
      endless.write(body.repeat(10_000));
      return endless;
    };
    expect(outcomeOf(await relayAt(server.url).send(message({ compose })))).toEqual(['bounced', 'mail_system', 552]);
    expect(server.lines).not.toContain('RSET');
    expect(server.lines).not.toContain('.');
  });

  it('has closed the kept connection meanwhile: a fresh one is tried, once', async () => {
    let mails = 0;
    const server = await scripted((line) => {
      if (line.startsWith('MAIL')) mails += 1;
      return line.startsWith('MAIL') && mails === 2 ? '421 4.4.2 idle for too long' : obliging(line);
    });
    const relay = relayAt(server.url);
    expect(outcomeOf(await relay.send(message()))).toEqual(['sent', 'accepted', 250]);
    expect(outcomeOf(await relay.send(message()))).toEqual(['sent', 'accepted', 250]);
    expect(mails).toBe(3);
  });

  it.each([
    ['at connect', ''],
    ['at EHLO', 'EHLO'],
    ['at MAIL', 'MAIL'],
    ['at DATA', 'DATA'],
  ])('is silent %s', async (_what, command) => {
    const server = await scripted((line) => (line.slice(0, 4) === command ? 'silence' : obliging(line)));
    const result = await relayAt(server.url, { timeoutMs: 300 }).send(message());
    expect(outcomeOf(result)).toEqual(['deferred', 'timeout', undefined]);
  });

  it('is silent for long after the message, as RFC 5321 lets it: twice as long as at any other time', async () => {
    const server = await smtpServer();
    server.behave({ slowMs: 2_000 });
    const relay = relayAt(server.url, { timeoutMs: 1_500 });
    const compose = () => Buffer.from(body);
    expect(outcomeOf(await relay.send(message()))).toEqual(['sent', 'accepted', 250]);
    expect(outcomeOf(await relay.send(message({ compose })))).toEqual(['sent', 'accepted', 250]);
    server.behave({ slowMs: 60_000 });
    expect(outcomeOf(await relay.send(message()))).toEqual(['unknown', 'outcome_unknown', undefined]);
  });

  it('is silent for long at the command after a message: not as long as that', async () => {
    let mails = 0;
    // Of the two timers that which is due first runs first, however late both are.
    let silent: Promise<string> = new Promise(() => {});
    const server = await scripted((line) => {
      if (line.startsWith('MAIL')) mails += 1;
      if (!line.startsWith('MAIL') || mails < 2) return obliging(line);
      silent = setTimeout(3_900, 'too long');
      return 'silence';
    });
    const relay = relayAt(server.url, { timeoutMs: 2_000 });
    await relay.send(message());
    const sending = relay.send(message());
    await expect.poll(() => mails).toBe(2);
    const result = await Promise.race([sending, silent]);
    expect(result !== 'too long' && outcomeOf(result as AttemptResult)).toEqual(['deferred', 'timeout', undefined]);
  });

  it('never answers QUIT: let go all the same', async () => {
    const server = await scripted((line) => (line === 'QUIT' ? 'silence' : obliging(line)));
    const relay = relayAt(server.url, { timeoutMs: 500 });
    await relay.send(message());
    relay.close();
    await expect.poll(server.open, { timeout: 60_000 }).toBe(0);
  });
});

describe('what a relay says at the beginning', () => {
  const offering =
    (size: string): Script =>
    (line) =>
      line.startsWith('EHLO') ? `250-scripted\r\n250 ${size}` : obliging(line);
  const bytes = (count: number) => Buffer.from(`Subject: Hello\n\n${'x'.repeat(count - 16)}`);

  it.each([
    ['whole', 1_000, () => bytes(1_200)],
    ['whole, by its line ends alone', 1_000, () => Buffer.from(`Subject: Hello\n\n${'x\n'.repeat(450)}`)],
    ['long, in pieces', 100_000, () => bytes(150_000)],
    ['composed as it goes', 100_000, () => Readable.from(Array.from({ length: 30 }, () => bytes(10_000)))],
  ])('SIZE: a larger message, %s, does not reach it, and another may take it', async (_what, most, compose) => {
    const server = await scripted(offering(`SIZE ${most}`));
    const result = await relayAt(server.url).send(message({ compose }));
    expect(outcomeOf(result)).toEqual(['bounced', 'mail_system', 552]);
    expect(result).toMatchObject({ reply: { enhanced_code: '5.3.4' } });
    expect(server.lines).not.toContain('.');
    expect(failover(result, ['b@example.com'])).toBe('try_next');
    // Nobody's fault: not the recipient's, nor the relay's.
    expect(isRelayTrouble(result)).toBe(false);
    expect(classify(result, ['b@example.com']).recipients.get('b@example.com')).toMatchObject({ hard: false });
  });

  it('SIZE: what is known to be too large is not even composed', async () => {
    const server = await scripted(offering('SIZE 1000'));
    const compose = () => {
      throw new Error('composed');
    };
    const result = await relayAt(server.url).send(message({ compose, leastBytes: 1_001 }));
    expect(outcomeOf(result)).toEqual(['bounced', 'mail_system', 552]);
  });

  it.each(['SIZE 1000', 'SIZE 0', 'SIZE'])('%s: a message that fits goes', async (size) => {
    const server = await scripted(offering(size));
    expect(outcomeOf(await relayAt(server.url).send(message({ compose: () => bytes(996) })))[0]).toBe('sent');
  });

  it('a greeting may take longer than the network does', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    cleanups.push(() => vi.useRealTimers());
    let greet = () => {};
    const server = createServer((socket) => {
      socket.on('error', () => {});
      let hasGreeted = false;
      greet = () => {
        hasGreeted = true;
        socket.write('220 at last\r\n');
      };
      socket.on('data', (data) => {
        if (hasGreeted)
          for (const line of data.toString().split('\r\n').slice(0, -1)) socket.write(`${obliging(line)}\r\n`);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => server.close());
    const connected = once(server, 'connection');
    const { port } = server.address() as AddressInfo;
    const sending = relayAt(`smtp://127.0.0.1:${port}`, { timeoutMs: 300_000 }).send(message());
    await connected;
    // Until it is seen here, too, that the connection stands.
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(240_000);
    greet();
    const result = await Promise.race([sending, once(server, 'never').then(() => undefined)]);
    expect(result && outcomeOf(result)).toEqual(['sent', 'accepted', 250]);
  });

  const refusesTls: Script = (line) => {
    if (line.startsWith('EHLO')) return '250-scripted\r\n250 STARTTLS';
    return line === 'STARTTLS' ? '454 4.7.0 TLS not available' : obliging(line);
  };

  it('STARTTLS refused, where nobody asks for it: in the clear', async () => {
    const server = await scripted(refusesTls);
    expect(outcomeOf(await relayAt(server.url).send(message()))[0]).toBe('sent');
  });

  it.each(['?requireTLS=true', ''])(
    'STARTTLS refused, where it is asked for (%s): nothing is sent',
    async (parameters) => {
      const server = await scripted(refusesTls);
      const credentials = parameters === '' ? 'me:secret@' : '';
      const url = `${server.url.replace('://', `://${credentials}`)}${parameters}`;
      expect(outcomeOf(await relayAt(url).send(message())).slice(0, 2)).toEqual(['deferred', 'tls']);
      expect(server.lines.filter((line) => /^(AUTH|MAIL)/.test(line))).toEqual([]);
    },
  );
});

describe('TLS and the account', () => {
  const withTls = { ...expiredCertificate, disabledCommands: [] };
  const credentials = 'me%40example.com:p%40ss%2Fword';
  const withCredentials = (url: string, parameters = '') => `${url.replace('://', `://${credentials}@`)}${parameters}`;

  it('decodes user and password, and sends them over TLS', async () => {
    const server = await smtpServer(withTls);
    const result = await relayAt(withCredentials(server.url, '?tls.rejectUnauthorized=false')).send(message());
    expect(outcomeOf(result)).toEqual(['sent', 'accepted', 250]);
    expect(server.logins).toEqual([{ username: 'me@example.com', password: 'p@ss/word', secure: true }]);
  });

  it.each([
    ['no TLS on offer', {}],
    ['a certificate that cannot be trusted', withTls],
  ])('%s: the password stays here', async (_what, options) => {
    const server = await smtpServer(options);
    const result = await relayAt(withCredentials(server.url)).send(message());
    expect(outcomeOf(result).slice(0, 2)).toEqual(['deferred', 'tls']);
    expect(server.logins).toEqual([]);
  });

  it.each(['?requireTLS=false', '?ignoreTLS=true'])('%s: in the clear, as told', async (parameters) => {
    const server = await smtpServer({ allowInsecureAuth: true });
    expect(outcomeOf(await relayAt(withCredentials(server.url, parameters)).send(message()))[0]).toBe('sent');
    expect(server.logins).toMatchObject([{ password: 'p@ss/word', secure: false }]);
  });

  it.each([
    ['STARTTLS', withTls],
    ['smtps', { secure: true }],
  ])('an expired certificate, %s', async (_what, options) => {
    const server = await smtpServer({ ...expiredCertificate, ...options });
    // Trusted but for its age.
    const tls = { servername: 'localhost', ca: expiredCertificate.cert } as RelayAddress['tls'];
    const result = await relayAt(server.url, { tls }).send(message());
    expect(outcomeOf(result).slice(0, 2)).toEqual(['deferred', 'tls']);
    expect(result).toMatchObject({ ended: 'lost', reason: expect.stringMatching(/expired/) });
    expect(outcomeOf(await relayAt(`${server.url}?tls.rejectUnauthorized=false`).send(message()))[0]).toBe('sent');
  });

  it('TLS spoken to a server that speaks none', async () => {
    const server = await smtpServer();
    const result = await relayAt(server.url.replace('smtp:', 'smtps:')).send(message());
    expect(outcomeOf(result).slice(0, 2)).toEqual(['deferred', 'tls']);
  });

  it('a refused account defers, and the reply gives away no secret', async () => {
    const server = await smtpServer({ allowInsecureAuth: true });
    const plain = Buffer.from('\0me@example.com\0p@ss/word').toString('base64');
    server.behave({ refuseAuth: [535, `5.7.8 p@ss/word of me@example.com is wrong, see ${plain}`] });
    const result = await relayAt(withCredentials(server.url, '?requireTLS=false')).send(message());
    expect(outcomeOf(result)).toEqual(['deferred', 'relay_account', 535]);
    expect(JSON.stringify(result)).toContain('*** of *** is wrong, see ***');
    expect(JSON.stringify(result)).not.toMatch(/p@ss|example\.com|AG1l/);
  });
});

/** Fails as nodemailer's composer does. */
function failing(when: (fail: () => void) => void): Readable {
  const stream = new PassThrough();
  stream.write(body);
  when(() => {
    stream.emit('error', new Error('composing failed'));
    stream.end();
  });
  return stream;
}
