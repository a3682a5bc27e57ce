// Messages of Amazon SNS, signed by its published scheme with keys made here; its certificate is served in place of SNS.
import { execFileSync } from 'node:child_process';
import { sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../../lib/process/log.ts';
import { createSes } from './ses.ts';
import { createSns } from './sns.ts';
import { certificateUrl, confirmationUrl, hostOfTopic } from './sns-hosts.ts';

const topic = 'arn:aws:sns:us-east-1:123456789012:bounces';
const host = 'https://sns.us-east-1.amazonaws.com';
const certificate = `${host}/SimpleNotificationService-0123456789abcdef.pem`;
const now = Date.parse('2026-06-01T12:00:00.000Z');

const directory = mkdtempSync(join(tmpdir(), 'sns-'));
afterAll(() => rmSync(directory, { recursive: true }));

interface Signer {
  key: string;
  pem: string;
}
let good: Signer;
let stranger: Signer;
let expired: Signer;
let early: Signer;
let weak: Signer;
let elliptic: Signer;

/** `openssl ca` knows dates in the past. */
function signer(
  name: string,
  { subject = 'sns.amazonaws.com', from = '20260101000000Z', to = '20270101000000Z', key = ['rsa:2048'] } = {},
): Signer {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  const files = { key: `${name}.key`, request: `${name}.csr`, pem: `${name}.pem` };
  writeFileSync(join(directory, 'index.txt'), '');
  writeFileSync(
    join(directory, 'ca.cnf'),
    `[ca]\ndefault_ca = own\n[own]\nnew_certs_dir = .\ndatabase = index.txt\nrand_serial = yes\ndefault_md = sha256\npolicy = any\nx509_extensions = server\nunique_subject = no\n[any]\ncommonName = supplied\n[server]\nsubjectAltName = DNS:${subject}\n`,
  );
  openssl(
    'req',
    '-new',
    '-newkey',
    ...key,
    '-nodes',
    '-keyout',
    files.key,
    '-out',
    files.request,
    '-subj',
    `/CN=${subject}`,
  );
  openssl(
    ...['ca', '-config', 'ca.cnf', '-selfsign', '-keyfile', files.key, '-in', files.request, '-batch', '-notext'],
    ...['-startdate', from, '-enddate', to, '-out', files.pem],
  );
  return {
    key: readFileSync(join(directory, files.key), 'utf8'),
    pem: readFileSync(join(directory, files.pem), 'utf8'),
  };
}

beforeAll(() => {
  good = signer('good');
  stranger = signer('stranger', { subject: 'example.com' });
  expired = signer('expired', { to: '20260501000000Z' });
  early = signer('early', { from: '20260701000000Z' });
  weak = signer('weak', { key: ['rsa:1024'] });
  elliptic = signer('elliptic', { key: ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'] });
}, 60_000);

type Message = Record<string, string>;

const ofSubscription = {
  Token: 't'.repeat(64),
  SubscribeURL: `${host}/?Action=ConfirmSubscription&TopicArn=${topic}&Token=t`,
};

/** As SNS signs it: written here by its documentation, not by our code. */
function signed(over: Message = {}, { key } = good): Message {
  const message: Message = {
    Type: 'Notification',
    MessageId: '7c1d2c6e-2c0a-5a5c-9d2a-6f9a4c1b7e10',
    TopicArn: topic,
    Message: 'hello "you"\n',
    Timestamp: new Date(now).toISOString(),
    SignatureVersion: '2',
    SigningCertURL: certificate,
    ...over,
  };
  const part = (name: string) => (message[name] === undefined ? '' : `${name}\n${message[name]}\n`);
  const text =
    message.Type === 'Notification'
      ? part('Message') + part('MessageId') + part('Subject') + part('Timestamp') + part('TopicArn') + part('Type')
      : part('Message') +
        part('MessageId') +
        part('SubscribeURL') +
        part('Timestamp') +
        part('Token') +
        part('TopicArn') +
        part('Type');
  const digest = message.SignatureVersion === '1' ? 'sha1' : 'sha256';
  return { ...message, Signature: sign(digest, Buffer.from(text), key).toString('base64') };
}

/** What SNS serves, and what it was asked for. */
function ground({
  serve = () => new Response(good.pem),
  at = { now },
}: {
  serve?: (url: URL) => Response;
  at?: { now: number };
} = {}) {
  const asked: string[] = [];
  const logged: string[] = [];
  const options = {
    topics: [topic],
    log: createLog('intake', 'info', (line) => logged.push(line)),
    now: () => at.now,
    fetch: async (url: URL) => {
      asked.push(url.href);
      return serve(url);
    },
  };
  const take = createSns(options);
  const call = (message: unknown, headers = {}) => ({ headers, body: Buffer.from(JSON.stringify(message)) });
  return {
    asked,
    logged,
    at,
    take: (message: unknown, headers = {}) => take(call(message, headers)),
    events: (message: unknown) => createSes(options)(call(message)),
  };
}

const reasonOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'taken',
    ({ reason, code }) => reason ?? code,
  );

describe('a message', () => {
  it.each(['1', '2'])(
    'is taken with its signature, version %s; the certificate is fetched once a day',
    async (SignatureVersion) => {
      const { take, asked, at } = ground();
      expect(await take(signed({ SignatureVersion }))).toBe('hello "you"\n');
      expect(await take(signed({ SignatureVersion, Subject: 'A subject' }))).toBe('hello "you"\n');
      expect(asked).toEqual([certificate]);
      at.now += 86_400_001;
      expect(await take(signed({ SignatureVersion, Timestamp: new Date(at.now).toISOString() }))).toBe('hello "you"\n');
      expect(asked).toHaveLength(2);
    },
  );

  it.each([
    ['another message', { Message: 'bye' }],
    ['another id', { MessageId: 'x' }],
    ['a subject added', { Subject: 'x' }],
    ['another time', { Timestamp: new Date(now - 1).toISOString() }],
    ['another type', { Type: 'UnsubscribeConfirmation', ...ofSubscription }],
    ['the other version', { SignatureVersion: '1' }],
    ['a version that there is not', { SignatureVersion: '3' }],
    ['a version of no form', { SignatureVersion: 'constructor' }],
    ['a type that there is not', { Type: 'constructor' }],
    ['no signature', { Signature: '' }],
  ])('is refused with %s', async (_, change) => {
    expect(await reasonOf(ground().take({ ...signed(), ...change }))).toBe('signature');
  });

  it('is refused without a field that is signed', async () => {
    for (const name of [
      'Message',
      'MessageId',
      'Timestamp',
      'Type',
      'Signature',
      'SignatureVersion',
      'SigningCertURL',
    ]) {
      const { [name]: _, ...rest } = signed();
      expect([name, await reasonOf(ground().take(rest))]).toEqual([name, 'signature']);
    }
  });

  it.each(['TopicArn', 'SignatureVersion', 'SigningCertURL', 'Type'])(
    'is refused with a %s that is no text, and cannot be made one',
    async (name) => {
      for (const value of [{ toString: 1 }, { toString: null, valueOf: null }, [[]], null, true])
        expect(await reasonOf(ground().take({ ...signed(), [name]: value } as unknown as Message))).toMatch(
          name === 'TopicArn' ? /^topic$/ : /^signature$/,
        );
    },
  );

  it('is refused with the signature of another key', async () => {
    expect(await reasonOf(ground().take(signed({}, stranger)))).toBe('signature');
  });

  it('is refused of another topic, and where it is raw, before SNS is asked', async () => {
    const { take, asked } = ground();
    const other = topic.replace('bounces', 'other');
    expect(await reasonOf(take(signed({ TopicArn: other })))).toBe('topic');
    expect(await reasonOf(take({ Message: 'x' }))).toBe('topic');
    expect(await reasonOf(take(signed(), { 'x-amz-sns-rawdelivery': 'true' }))).toBe('signature');
    expect(asked).toEqual([]);
  });

  it('is refused when it is older than an hour, or of the future, before SNS is asked', async () => {
    const { take, asked } = ground();
    const at = (ms: number) => signed({ Timestamp: new Date(now + ms).toISOString() });
    for (const ms of [-3_600_001, 300_001]) expect(await reasonOf(take(at(ms)))).toBe('too_old');
    expect(await reasonOf(take(signed({ Timestamp: 'yesterday' })))).toBe('too_old');
    expect(asked).toEqual([]);
    for (const ms of [-3_600_000, 300_000]) expect(await reasonOf(take(at(ms)))).toBe('taken');
  });

  it('may come again: it says the same', async () => {
    const { take } = ground();
    const message = signed();
    expect([await take(message), await take(message)]).toEqual(['hello "you"\n', 'hello "you"\n']);
  });
});

describe('a certificate', () => {
  it.each([
    ['of another host', () => stranger],
    ['that has expired', () => expired],
    ['of the future', () => early],
    ['with a short key', () => weak],
    ['with a key of another kind', () => elliptic],
  ])('%s proves nothing', async (_, which) => {
    const by = which();
    const { take } = ground({ serve: () => new Response(by.pem) });
    const { asymmetricKeyType } = (await import('node:crypto')).createPublicKey(by.pem);
    expect(['rsa', 'ec']).toContain(asymmetricKeyType);
    expect(await reasonOf(take(signed({}, by)))).toBe('signature');
  });

  it.each([
    ['http', certificate.replace('https', 'http')],
    ['another region', certificate.replace('us-east-1', 'us-west-2')],
    ['a host that begins so', certificate.replace('.com/', '.com.example.com/')],
    ['a host that ends so', certificate.replace('//sns.', '//example.com#sns.')],
    ['a host of somebody else', 'https://bucket.s3.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem'],
    ['a user', certificate.replace('//', '//sns@')],
    ['a port', certificate.replace('.com/', '.com:8443/')],
    ['another file', certificate.replace('Simple', 'Other')],
    ['a path around it', certificate.replace('/Simple', '/x/../x/Simple')],
    ['a query', `${certificate}?x=1`],
    ['a fragment', `${certificate}#x`],
    ['no address', 'x'],
    ['a long one', certificate + 'a'.repeat(3_000)],
  ])('is not fetched from an address with %s', async (_, SigningCertURL) => {
    const { take, asked } = ground();
    expect(await reasonOf(take(signed({ SigningCertURL })))).toBe('signature');
    expect(asked).toEqual([]);
  });

  it('that cannot be fetched has SNS send again; it is asked for once a minute', async () => {
    let answer = () => new Response('no', { status: 500 });
    const { take, asked, at } = ground({ serve: () => answer() });
    for (const _ of [1, 2, 3]) expect(await reasonOf(take(signed()))).toBe('unavailable');
    expect(asked).toHaveLength(1);
    answer = () => new Response(good.pem);
    at.now += 60_001;
    expect(await reasonOf(take(signed()))).toBe('taken');
    expect(asked).toHaveLength(2);
  });

  it('has a bound, and is no more than text', async () => {
    const long = ground({ serve: () => new Response(good.pem + ' '.repeat(20_000)) });
    expect(await reasonOf(long.take(signed()))).toBe('unavailable');
    const other = ground({ serve: () => new Response('x') });
    expect(await reasonOf(other.take(signed()))).toBe('signature');
  });

  it('is asked for once by many, and by few at a time; who is turned away is no failure of it', async () => {
    const waiting: (() => void)[] = [];
    let most = 0;
    let open = 0;
    const asked: string[] = [];
    const take = createSns({
      topics: [topic],
      log: createLog('intake', 'silent'),
      now: () => now,
      fetch: async (url) => {
        asked.push(url.href);
        most = Math.max(most, ++open);
        await new Promise<void>((resolve) => waiting.push(resolve));
        open -= 1;
        return new Response(good.pem);
      },
    });
    const call = (message: Message) => ({ headers: {}, body: Buffer.from(JSON.stringify(message)) });
    const file = (index: number) => certificate.replace('0123456789abcdef', `f${index}`);
    const madeUp = Array.from({ length: 54 }, (_, index) =>
      reasonOf(take(call(signed({ SigningCertURL: file(index) })))),
    );
    const same = [
      reasonOf(take(call(signed({ SigningCertURL: file(0) })))),
      reasonOf(take(call(signed({ SigningCertURL: file(1) })))),
    ];
    expect(await reasonOf(take(call(signed())))).toBe('unavailable');
    const release = setInterval(() => waiting.splice(0).map((each) => each()), 1);
    expect(new Set(await Promise.all([...madeUp, ...same]))).toEqual(new Set(['taken']));
    expect([asked.length, most]).toEqual([54, 4]);
    expect(await reasonOf(take(call(signed())))).toBe('taken');
    clearInterval(release);
  });
});

describe('a subscription', () => {
  const confirmation = (over: Message = {}) => signed({ Type: 'SubscriptionConfirmation', ...ofSubscription, ...over });

  it('is confirmed where SNS says, for a topic that is named', async () => {
    const { take, asked, logged } = ground({ serve: (url) => new Response(url.pathname === '/' ? '<ok/>' : good.pem) });
    expect(await take(confirmation())).toBeUndefined();
    expect(asked).toEqual([certificate, new URL(ofSubscription.SubscribeURL).href]);
    expect(logged.join()).toContain('subscribed to a topic');
    expect(logged.join()).not.toContain('Token');
  });

  it.each([
    ['another host', ofSubscription.SubscribeURL.replace(host, 'https://example.com')],
    ['another region', ofSubscription.SubscribeURL.replace('us-east-1.', 'eu-west-1.')],
    ['http', ofSubscription.SubscribeURL.replace('https', 'http')],
    ['another action', ofSubscription.SubscribeURL.replace('ConfirmSubscription', 'Publish')],
    ['another topic', ofSubscription.SubscribeURL.replace('bounces', 'other')],
    ['another path', ofSubscription.SubscribeURL.replace('/?', '/x?')],
  ])('is not confirmed at an address of %s, though it is signed', async (_, SubscribeURL) => {
    const { take, asked } = ground();
    expect(await reasonOf(take(confirmation({ SubscribeURL })))).toBe('signature');
    expect(asked).toEqual([certificate]);
  });

  it('is not confirmed where anything was changed, or for another topic', async () => {
    const { take, asked } = ground();
    const message = confirmation();
    for (const change of [{ Token: 'x' }, { SubscribeURL: `${message.SubscribeURL}&x=1` }, { Signature: undefined }])
      expect(await reasonOf(take({ ...message, ...change }))).toBe('signature');
    expect(await reasonOf(take(confirmation({ TopicArn: topic.replace('bounces', 'x') })))).toBe('topic');
    expect(asked).toEqual([certificate]);
  });

  it('that cannot be confirmed now is sent again', async () => {
    const { take } = ground({ serve: (url) => new Response(good.pem, { status: url.pathname === '/' ? 500 : 200 }) });
    expect(await reasonOf(take(confirmation()))).toBe('unavailable');
  });

  it('that was ended is told in the log', async () => {
    const { take, asked, logged } = ground();
    expect(await take(signed({ Type: 'UnsubscribeConfirmation', ...ofSubscription }))).toBeUndefined();
    expect(asked).toEqual([certificate]);
    expect(logged.join()).toContain('the subscription was ended');
  });
});

describe('events of Amazon SES', () => {
  const id = '01890000-0000-7000-8000-000000000001';
  const mail = {
    timestamp: '2026-06-01T11:00:00.000Z',
    source: 'b-x@bounce.example.com',
    destination: ['a@example.com', 'b@example.com'],
    headers: [
      { name: 'From', value: 'x' },
      { name: 'Message-Id', value: `<${id}@example.com>` },
    ],
    commonHeaders: { messageId: '<other@example.com>' },
  };
  const match = { returnPath: mail.source, messageId: `<${id}@example.com>` };
  const events = (content: unknown) =>
    ground().events(signed({ Message: typeof content === 'string' ? content : JSON.stringify(content) }));
  const recipient = { emailAddress: 'a@example.com', status: '5.1.1', diagnosticCode: 'smtp; 550 5.1.1 no such user' };
  const bounce = (over: object, said = recipient) => ({
    notificationType: 'Bounce',
    mail,
    bounce: {
      bounceType: 'Permanent',
      bounceSubType: 'General',
      bouncedRecipients: [said],
      timestamp: mail.timestamp,
      ...over,
    },
  });

  it('a bounce names its recipient, the reply and the email', async () => {
    expect(await events(bounce({}))).toEqual([
      {
        ...{ match, source: 'ses', kind: 'bounced', recipient: 'a@example.com', at: new Date(mail.timestamp) },
        ...{ code: 550, enhancedCode: '5.1.1', category: 'address', hard: true, text: recipient.diagnosticCode },
      },
    ]);
  });

  it.each([
    ['of a size', { bounceSubType: 'MessageTooLarge' }, recipient],
    ['that is not for good', { bounceType: 'Transient', bounceSubType: 'General' }, recipient],
    ['of policy', {}, { ...recipient, status: '5.7.1', diagnosticCode: 'smtp; 554 5.7.1 message rejected as spam' }],
  ])('a bounce %s is not the address', async (_, over, said) => {
    expect((await events(bounce(over, said)))[0]).toMatchObject({ kind: 'bounced', hard: false });
  });

  it.each([
    [
      'a complaint',
      { notificationType: 'Complaint', mail, complaint: { complainedRecipients: [recipient] } },
      ['complained'],
    ],
    [
      'that it is no spam',
      {
        notificationType: 'Complaint',
        complaint: { complainedRecipients: [recipient], complaintFeedbackType: 'not-spam' },
      },
      [],
    ],
    [
      'deliveries',
      { eventType: 'Delivery', mail, delivery: { recipients: mail.destination, smtpResponse: '250 ok' } },
      ['delivered', 'delivered'],
    ],
    ['a delay', { eventType: 'DeliveryDelay', mail, deliveryDelay: { delayedRecipients: [recipient] } }, ['delayed']],
    ['a refusal', { eventType: 'Reject', mail, reject: { reason: 'Bad content' } }, ['bounced', 'bounced']],
    ['that it was opened', { eventType: 'Open', mail, open: {} }, []],
    ['that it may publish', 'Successfully validated SNS topic for Amazon SES event publishing.', []],
    ['nothing', {}, []],
    ['what has no form', { notificationType: 'Bounce', mail: 1, bounce: [{ bouncedRecipients: 'x' }] }, []],
    ['what has less', { notificationType: 'Bounce', bounce: { bouncedRecipients: [null, 1] } }, ['bounced', 'bounced']],
  ])('%s is read', async (_, content, kinds) => {
    expect((await events(content)).map(({ kind }) => kind)).toEqual(kinds);
  });
});

it.each([
  [topic, 'sns.us-east-1.amazonaws.com'],
  ['arn:aws-cn:sns:cn-north-1:123456789012:x', 'sns.cn-north-1.amazonaws.com.cn'],
  ['arn:aws-us-gov:sns:us-gov-west-1:123456789012:x.fifo', 'sns.us-gov-west-1.amazonaws.com'],
  ['arn:aws:sqs:us-east-1:123456789012:x', undefined],
  ['arn:aws:sns:us.example:123456789012:x', undefined],
  [`${topic}${'x'.repeat(400)}`, undefined],
])('the host of %s', (arn, expected) => {
  expect(hostOfTopic(arn)).toBe(expected);
  expect(certificateUrl('https://undefined/SimpleNotificationService-1.pem', 'x')).toBeUndefined();
  expect(confirmationUrl('', arn)).toBeUndefined();
});
