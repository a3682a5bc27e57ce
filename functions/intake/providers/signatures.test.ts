// Calls of Postmark, Mailgun, SendGrid and Resend: proven by their published schemes, with keys made here; and what is made of their events.
import { createHmac, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { createMailgun, mostTokens } from './mailgun.ts';
import { createPostmark } from './postmark.ts';
import { type EventCall, headerOf } from './provider.ts';
import { createResend, resendKey } from './resend.ts';
import { createSendgrid, sendgridKey } from './sendgrid.ts';

const id = '01890000-0000-7000-8000-000000000001';
const messageId = `<${id}@example.com>`;
const now = Date.parse('2026-06-01T12:00:00Z');
const seconds = now / 1000;
const options = { mostAgeMs: 300_000, now: () => now };

const reasonOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'taken',
    ({ reason, code }) => reason ?? code,
  );
const bodyOf = (content: unknown) => Buffer.from(typeof content === 'string' ? content : JSON.stringify(content));
/** A byte in the middle is another one. */
function tampered({ headers, body }: EventCall): EventCall {
  const other = Buffer.from(body);
  const middle = body.length >> 1;
  other[middle] = (other[middle] ?? 0) ^ 1;
  return { headers, body: other };
}

describe('SendGrid', () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const bounce = { email: 'a@example.com', timestamp: seconds, 'smtp-id': messageId, event: 'bounce', type: 'bounce' };
  const event = { ...bounce, status: '5.1.1', reason: '550 5.1.1 no such user' };
  function call(
    content: unknown,
    { key = pair.privateKey, at = String(seconds) }: { key?: KeyObject; at?: string } = {},
  ): EventCall {
    const body = bodyOf(content);
    const signature = sign('sha256', Buffer.concat([Buffer.from(at), body]), key).toString('base64');
    return {
      headers: {
        'x-twilio-email-event-webhook-signature': signature,
        'x-twilio-email-event-webhook-timestamp': at,
      },
      body,
    };
  }
  const take = createSendgrid({ key: pair.publicKey, ...options });

  it('the vector of its own library is good', async () => {
    const key = sendgridKey(
      'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqDqBaWjcMMsTbhdbcwHBcepxo7yAQGhHPTnlvFYPAZFceEu/1FwCM/QmGUhA==',
    ) as KeyObject;
    const headers = {
      'x-twilio-email-event-webhook-signature':
        'MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH2j/0=',
      'x-twilio-email-event-webhook-timestamp': '1588788367',
    };
    const body = bodyOf({ category: 'example_payload', event: 'test_event', message_id: 'message_id' });
    const ofThen = createSendgrid({ key, mostAgeMs: 300_000, now: () => 1_588_788_400_000 });
    expect(await reasonOf(ofThen({ headers, body }))).toBe('taken');
    expect(await reasonOf(ofThen(tampered({ headers, body })))).toBe('signature');
  });

  it('a call is taken with its signature, also again', async () => {
    const given = call([event, { ...event, event: 'processed' }]);
    const expected = [
      {
        ...{ match: { messageId }, kind: 'bounced', recipient: 'a@example.com', at: new Date(now), source: 'sendgrid' },
        ...{ code: 550, enhancedCode: '5.1.1', category: 'address', hard: true, text: event.reason },
      },
    ];
    expect(await take(given)).toEqual(expected);
    expect(await take(given)).toEqual(expected);
  });

  it('is refused where anything was changed, with another key, without a signature', async () => {
    const good = call([event]);
    const { headers } = good;
    const changed = [
      tampered(good),
      { ...good, headers: { ...headers, 'x-twilio-email-event-webhook-timestamp': String(seconds + 1) } },
      { ...good, headers: { ...headers, 'x-twilio-email-event-webhook-signature': 'AAAA' } },
      { ...good, headers: { ...headers, 'x-twilio-email-event-webhook-signature': 'A'.repeat(300) } },
      { ...good, headers: {} },
      call([event], { key: other.privateKey }),
      // Nothing is parsed before the proof.
      { headers: call('[]').headers, body: bodyOf('{') },
    ];
    for (const each of changed) expect(await reasonOf(take(each))).toBe('signature');
    expect(await reasonOf(take(call('{')))).toBe('invalid_json');
  });

  it('is refused when it is too old, or of the future', async () => {
    for (const at of [seconds - 301, seconds + 301, 'x', '-1'])
      expect(await reasonOf(take(call([event], { at: String(at) })))).toBe('too_old');
    for (const at of [seconds - 300, seconds + 300])
      expect(await reasonOf(take(call([event], { at: String(at) })))).toBe('taken');
  });

  it.each([
    [{ event: 'delivered', response: '250 ok' }, 'delivered', undefined],
    [{ event: 'deferred', response: '450 4.2.1 later' }, 'delayed', false],
    [{ event: 'spamreport' }, 'complained', undefined],
    [{ event: 'bounce', type: 'blocked', reason: '550 5.1.1 no such user' }, 'bounced', false],
    [{ event: 'bounce', type: 'bounce', reason: '554 5.7.1 rejected as spam' }, 'bounced', false],
    [{ event: 'dropped', reason: 'Bounced Address' }, 'bounced', true],
    [{ event: 'dropped', reason: 'Unsubscribed Address' }, 'bounced', false],
  ])('%j is read', async (said, kind, hard) => {
    const { reason: _, status: __, ...plain } = event;
    const [evidence] = await take(call([{ ...plain, ...said }]));
    expect([evidence?.kind, evidence?.hard]).toEqual([kind, hard]);
  });

  it('what has no form says nothing', async () => {
    for (const content of [{}, [], [null, 1, 'x', [], { event: {} }], [{ event: 'open' }]])
      expect(await take(call(content))).toEqual([]);
    expect(await take(call([{ event: 'delivered', email: {}, timestamp: 'x', 'smtp-id': [] }]))).toHaveLength(1);
  });

  it('a key is one of P-256', () => {
    const spki = (key: KeyObject) => key.export({ format: 'der', type: 'spki' }).toString('base64');
    expect(sendgridKey(spki(pair.publicKey))).toBeDefined();
    expect(sendgridKey(pair.publicKey.export({ format: 'pem', type: 'spki' }).toString())).toBeDefined();
    expect(sendgridKey(spki(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey))).toBeUndefined();
    expect(sendgridKey(spki(generateKeyPairSync('ed25519').publicKey))).toBeUndefined();
    expect(sendgridKey('x')).toBeUndefined();
  });
});

describe('Resend', () => {
  const secret = `whsec_${randomBytes(24).toString('base64')}`;
  const keys = [resendKey(secret) as Buffer];
  const take = createResend({ keys, ...options });
  const event = {
    type: 'email.bounced',
    created_at: '2026-06-01T11:00:00.000Z',
    data: {
      email_id: 'x',
      message_id: messageId,
      to: ['a@example.com'],
      bounce: { type: 'Permanent', subType: 'General', message: '550 5.1.1 no such user' },
    },
  };
  function call(content: unknown, { by = secret, at = new Date(now), prefix = 'svix' } = {}): EventCall {
    const body = bodyOf(content);
    const signature = new Webhook(by).sign('msg_1', at, body.toString());
    const timestamp = String(Math.floor(at.getTime() / 1000));
    return {
      headers: { [`${prefix}-id`]: 'msg_1', [`${prefix}-timestamp`]: timestamp, [`${prefix}-signature`]: signature },
      body,
    };
  }

  it('a call is taken with its signature, also again', async () => {
    const expected = [
      {
        ...{ match: { messageId }, kind: 'bounced', recipient: 'a@example.com', at: new Date(event.created_at) },
        ...{ source: 'resend', code: 550, enhancedCode: '5.1.1', category: 'address', hard: true },
        text: '550 5.1.1 no such user',
      },
    ];
    for (const prefix of ['svix', 'webhook', 'svix']) expect(await take(call(event, { prefix }))).toEqual(expected);
  });

  it('one of several signatures is enough, of several secrets as well; not one behind the tenth', async () => {
    const old = `whsec_${randomBytes(24).toString('base64')}`;
    const good = call(event);
    const with_ = (signature: string) => ({ ...good, headers: { ...good.headers, 'svix-signature': signature } });
    const own = String(good.headers['svix-signature']);
    expect(await reasonOf(take(with_(`v1,AAAA v2,BBBB ${own}`)))).toBe('taken');
    expect(await reasonOf(take(with_(`${'v1,AAAA '.repeat(10)}${own}`)))).toBe('signature');
    expect(await reasonOf(take(with_(own.replace('v1,', 'v2,'))))).toBe('signature');
    const both = createResend({ keys: [...keys, resendKey(old) as Buffer], ...options });
    expect(await reasonOf(both(call(event, { by: old })))).toBe('taken');
  });

  it('is refused where anything was changed, with another key, without a signature', async () => {
    const good = call(event);
    const { headers } = good;
    const changed = [
      tampered(good),
      { ...good, headers: { ...headers, 'svix-id': 'msg_2' } },
      { ...good, headers: { ...headers, 'svix-timestamp': String(seconds + 1) } },
      { ...good, headers: { ...headers, 'svix-signature': '' } },
      { ...good, headers: {} },
      call(event, { by: `whsec_${randomBytes(24).toString('base64')}` }),
      { ...good, body: bodyOf('{') },
    ];
    for (const each of changed) expect(await reasonOf(take(each))).toBe('signature');
  });

  it('is refused when it is too old, or of the future', async () => {
    for (const ms of [-301_000, 301_000]) {
      expect(await reasonOf(take(call(event, { at: new Date(now + ms) })))).toBe('too_old');
    }
    for (const ms of [-300_000, 300_000])
      expect(await reasonOf(take(call(event, { at: new Date(now + ms) })))).toBe('taken');
  });

  it.each([
    ['email.delivered', {}, 'delivered', undefined],
    ['email.delivery_delayed', {}, 'delayed', undefined],
    ['email.complained', {}, 'complained', undefined],
    ['email.bounced', { bounce: { type: 'Transient', message: 'x' } }, 'bounced', false],
    ['email.failed', { failed: { reason: 'x' } }, 'bounced', false],
    ['email.suppressed', { suppressed: { message: 'x' } }, 'bounced', true],
    ['email.opened', {}, undefined, undefined],
  ])('%s is read', async (type, more, kind, hard) => {
    const [evidence] = await take(call({ ...event, type, data: { ...event.data, ...more } }));
    expect([evidence?.kind, evidence?.hard]).toEqual([kind, hard]);
  });

  it('a recipient is named only where there is one', async () => {
    const recipientOf = async (to: unknown) =>
      (await take(call({ ...event, data: { ...event.data, to } })))[0]?.recipient;
    expect(await recipientOf(['A <a@example.com>'])).toBe('a@example.com');
    expect(await recipientOf(['a@example.com', 'b@example.com'])).toBeUndefined();
    expect(await recipientOf(undefined)).toBeUndefined();
  });

  it('a secret is base64 of 16 bytes or more', () => {
    expect(resendKey(secret)).toHaveLength(24);
    for (const wrong of ['whsec_', 'whsec_AAAA', 'x'.repeat(400), 'whsec_ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ'])
      expect(resendKey(wrong)).toBeUndefined();
  });
});

describe('Mailgun', () => {
  const key = 'a-signing-key-of-mailgun';
  const event = {
    event: 'failed',
    severity: 'permanent',
    reason: 'bounce',
    recipient: 'a@example.com',
    timestamp: seconds - 60,
    envelope: { sender: 'b-x@bounce.example.com' },
    message: { headers: { 'message-id': messageId.slice(1, -1) } },
    'delivery-status': { code: 550, message: '5.1.1 no such user' },
  };
  let count = 0;
  function signature({ by = key, at = String(seconds), token = `token${++count}` } = {}) {
    return {
      timestamp: at,
      token,
      signature: createHmac('sha256', by)
        .update(at + token)
        .digest('hex'),
    };
  }
  const call = (proof: object, content: unknown = event): EventCall => ({
    headers: {},
    body: bodyOf({ signature: proof, 'event-data': content }),
  });
  const create = (keys = [key]) => createMailgun({ keys, ...options });

  it('a call is taken with its signature, also again: it is the same', async () => {
    const take = create();
    const given = call(signature());
    const expected = [
      {
        match: { returnPath: 'b-x@bounce.example.com', messageId: `${id}@example.com`, emailId: undefined },
        ...{ kind: 'bounced', recipient: 'a@example.com', at: new Date(now - 60_000), source: 'mailgun' },
        ...{ code: 550, enhancedCode: '5.1.1', category: 'address', hard: true, text: '550 5.1.1 no such user' },
      },
    ];
    for (const _ of [1, 2]) expect(await take(given)).toEqual(expected);
  });

  it('a signature counts for one body alone, as it is not of the body', async () => {
    const take = create();
    const proof = signature();
    expect(await reasonOf(take(call(proof)))).toBe('taken');
    expect(await reasonOf(take(call(proof, { ...event, recipient: 'b@example.com' })))).toBe('replayed');
    expect(await reasonOf(take(call(proof)))).toBe('taken');
    expect(mostTokens).toBeLessThanOrEqual(100_000);
  });

  it('is refused where the signature was changed, with another key, without one', async () => {
    const take = create();
    const good = signature();
    const changed = [
      { ...good, token: `${good.token}x` },
      { ...good, timestamp: String(seconds + 1) },
      // The same text, divided in another way.
      { ...good, timestamp: `${good.timestamp}t`, token: good.token.slice(1) },
      { ...good, signature: good.signature.replace(/^./, (first) => (first === '0' ? '1' : '0')) },
      { ...good, signature: '' },
      { ...good, signature: [good.signature] },
      { ...good, token: '' },
      signature({ by: 'another key' }),
      signature({ token: 'x'.repeat(101) }),
      {},
    ];
    for (const proof of changed) expect(['signature', 'too_old']).toContain(await reasonOf(take(call(proof))));
    for (const content of ['[]', 'null', '1'])
      expect(await reasonOf(take({ headers: {}, body: bodyOf(content) }))).toBe('signature');
    expect(await reasonOf(take({ headers: {}, body: bodyOf('{') }))).toBe('invalid_json');
  });

  it('is refused when it is too old, or of the future', async () => {
    for (const at of [seconds - 301, seconds + 301])
      expect(await reasonOf(create()(call(signature({ at: String(at) }))))).toBe('too_old');
    for (const at of [seconds - 300, seconds + 300])
      expect(await reasonOf(create()(call(signature({ at: String(at) }))))).toBe('taken');
  });

  it("a subaccount's event is proven by the key of the main account as well", async () => {
    const proof = signature({ by: 'key of the subaccount' });
    const parent = {
      ...proof,
      'parent-signature': createHmac('sha256', key)
        .update(proof.timestamp + proof.token)
        .digest('hex'),
    };
    expect(await reasonOf(create()(call(proof)))).toBe('signature');
    expect(await reasonOf(create()(call(parent)))).toBe('taken');
    expect(await reasonOf(create(['key of the subaccount', 'x'])(call(proof)))).toBe('taken');
  });

  it.each([
    [{ event: 'delivered' }, 'delivered', undefined],
    [{ event: 'complained' }, 'complained', undefined],
    [{ severity: 'temporary' }, 'delayed', false],
    [{ reason: 'old' }, 'bounced', false],
    [{ reason: 'suppress-bounce' }, 'bounced', true],
    [{ 'delivery-status': { code: 554, message: '5.7.1 rejected as spam' } }, 'bounced', false],
    [{ event: 'rejected', reject: { reason: 'Sandbox' } }, 'bounced', false],
    [{ event: 'clicked' }, undefined, undefined],
  ])('%j is read', async (said, kind, hard) => {
    const [evidence] = await create()(call(signature(), { ...event, ...said }));
    expect([evidence?.kind, evidence?.hard]).toEqual([kind, hard]);
  });
});

describe('Postmark', () => {
  const secret = 'a-secret-of-postmark';
  const take = createPostmark([secret, 'an-older-secret-of-it']);
  const event = {
    RecordType: 'Bounce',
    Type: 'HardBounce',
    Email: 'a@example.com',
    Details: 'smtp;550 5.1.1 no such user',
    BouncedAt: '2026-06-01T11:00:00Z',
    Metadata: { 'email-id': id },
  };
  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
  const call = (headers: Record<string, string>, content: unknown = event): EventCall => ({
    headers,
    body: bodyOf(content),
  });

  it.each([
    ['HTTP Basic', basic(`any:${secret}`)],
    ['HTTP Basic without a user', basic(`:${secret}`)],
    ['the header', { 'x-intake-secret': secret }],
    ['an older secret', { 'x-intake-secret': 'an-older-secret-of-it' }],
  ])('a call is taken with the secret by %s, also again', async (_, headers) => {
    const expected = [
      {
        ...{ match: { emailId: id }, kind: 'bounced', recipient: 'a@example.com', at: new Date(event.BouncedAt) },
        ...{
          source: 'postmark',
          code: 550,
          enhancedCode: '5.1.1',
          category: 'address',
          hard: true,
          text: event.Details,
        },
      },
    ];
    for (const _ of [1, 2]) expect(await take(call(headers))).toEqual(expected);
  });

  it.each([
    ['no secret', {}],
    ['another one', { 'x-intake-secret': `${secret}x` }],
    ['a part of it', { 'x-intake-secret': secret.slice(1) }],
    ['none', { 'x-intake-secret': '' }],
    ['a user of that name', basic(`${secret}:`)],
    ['another password, whatever the header says', { ...basic('a:b'), 'x-intake-secret': secret }],
    ['no Basic', { authorization: `Bearer ${secret}` }],
    ['a long header', { 'x-intake-secret': secret.padEnd(2_000, 'x') }],
  ])('is refused with %s, before anything is parsed', async (_, headers) => {
    expect(await reasonOf(take(call(headers, '{')))).toBe('signature');
  });

  it.each([
    [{ RecordType: 'Delivery', Recipient: 'a@example.com', DeliveredAt: event.BouncedAt }, 'delivered', undefined],
    [{ RecordType: 'SpamComplaint' }, 'complained', undefined],
    [{ Type: 'SpamComplaint' }, 'complained', undefined],
    [{ Type: 'SoftBounce', Details: '552 5.2.2 full' }, 'bounced', false],
    [{ Type: 'HardBounce', Details: '554 5.7.1 rejected as spam' }, 'bounced', false],
    [{ Type: 'Transient' }, 'delayed', false],
    [{ Type: 'AutoResponder' }, undefined, undefined],
    [{ Type: 'constructor' }, undefined, undefined],
    [{ RecordType: 'Open' }, undefined, undefined],
  ])('%j is read', async (said, kind, hard) => {
    const [evidence] = await take(call({ 'x-intake-secret': secret }, { ...event, ...said }));
    expect([evidence?.kind, evidence?.hard]).toEqual([kind, hard]);
  });
});

it('a header has a bound before anything is made of it', () => {
  const call = { headers: { a: 'x'.repeat(20) }, body: Buffer.alloc(0) };
  expect(headerOf(call, 'a', 20)).toBe('x'.repeat(20));
  expect(headerOf(call, 'a', 19)).toBeUndefined();
  expect(headerOf(call, 'b')).toBeUndefined();
});
