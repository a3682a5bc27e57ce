// DKIM over the built bundles: keys made by the operator's command, DNS answered from what it printed, arrivals verified by mailauth.
import { dkimVerify } from 'mailauth';
import { simpleParser } from 'mailparser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runAdmin } from '../admin/run.ts';
import { startDnsServer, type TestDnsServer } from './dns-server.ts';
import { eventually, json } from './functions.ts';
import { startWholeApi, type WholeApi } from './whole-api.ts';

let ground: WholeApi;
let dns: TestDnsServer;
/** In this process, which is the DNS server as well. */
async function dkim(...words: string[]): Promise<string> {
  const { exitCode, output, complaint } = await runAdmin(['dkim', ...words], {
    databaseUrl: ground.database.url,
    amqpUrl: undefined,
    migrationsDirectory: undefined,
    say: () => {},
  });
  if (exitCode !== 0) throw new Error(complaint);
  return output ?? '';
}
/** Everything that the command has printed. */
let printed = '';

beforeAll(async () => {
  [ground, dns] = await Promise.all([startWholeApi({ settings: { DKIM_KEYS_SECONDS: '0.2' } }), startDnsServer()]);
  publish(await dkim('create', 'example.com', '--selector', 's1'));
  await dkim('use', 'example.com', 's1');
});
afterAll(async () => {
  await ground?.stop();
  await dns?.stop();
});

/** Puts a printed record into DNS, as it stands for zone files. */
function publish(output: string): { name: string; value: string; strings: string[] } {
  printed += output;
  const [, name = ''] = /^Name: +(\S+)$/m.exec(output) ?? [];
  const [, value = ''] = /^Value: (.+)$/m.exec(output) ?? [];
  const [, zoneName, zoneStrings = ''] = /^(\S+)\. IN TXT \( (.+) \)$/ms.exec(output) ?? [];
  const strings = [...zoneStrings.matchAll(/"([^"]*)"/g)].map(([, string = '']) => string);
  expect(zoneName).toBe(name);
  expect(strings.join('')).toBe(value);
  dns.records.set(name, [strings]);
  return { name, value, strings };
}

let count = 0;
/** Sends an email and returns it as it arrived. */
async function arrival(email: Record<string, unknown> = {}): Promise<string> {
  const to = `r${++count}@example.org`;
  const response = await ground.api.send({ from: 'shop@example.com', to, subject: 'Hello', text: 'Hi.', ...email });
  expect(response.status).toBe(202);
  return eventually(async () => ground.smtp.received.find((message) => message.to.includes(to))?.raw);
}

/** As `pass d=example.com s=s1`, for each signature; `none` for none. */
async function verdicts(raw: string): Promise<string[]> {
  const resolver = async (name: string) => {
    const found = dns.records.get(name);
    if (found === undefined) throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
    return found;
  };
  const { results } = await dkimVerify(raw, { resolver });
  return results.map(({ status, signingDomain, selector }) =>
    signingDomain ? `${status.result} d=${signingDomain} s=${selector}` : status.result,
  );
}

const signedHeaders = (raw: string) =>
  /^DKIM-Signature:.*?h=([^;]+)/s.exec(raw)?.[1]?.replace(/\s/g, '').split(':') ?? [];

const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

describe('what arrives', () => {
  it.each<[string, Record<string, unknown>]>([
    ['a plain email', {}],
    ['a subject and names beyond ASCII', { from: 'Zoë <zoe@example.com>', subject: `Grüße 日本語 ${'ü'.repeat(80)}` }],
    ['a text too long for its claim, with bare LF', { text: 'Grüße und mehr\n'.repeat(6_000) }],
    ['a text in pieces, with bare LF', { text: 'Grüße und mehr\n'.repeat(30_000) }],
    ['HTML whose text is made in a thread', { text: undefined, html: '<p>Grüße</p>\n'.repeat(3_000) }],
    ['a long line, dots, bare CR, and empty lines at the end', { text: `.${'x'.repeat(3_000)}\r\n..\n.\rü \r\n\n\n` }],
    ['an email without anything in it', { text: '' }],
    [
      'html with an inline image and an attachment of megabytes',
      {
        html: '<p>Grüße <img src="cid:logo"></p>',
        attachments: [
          { filename: 'logo.png', content: png, content_id: 'logo' },
          { filename: 'größe.bin', content: Buffer.alloc(2_000_000, '\r.\n ').toString('base64') },
        ],
      },
    ],
    ['many recipients', { cc: Array.from({ length: 40 }, (_, index) => `Name ${index} <c${index}@example.org>`) }],
    ['a sender in capitals', { from: 'Shop@EXAMPLE.com' }],
  ])('verifies: %s', async (_, email) => {
    expect(await verdicts(await arrival(email))).toEqual(['pass d=example.com s=s1']);
  });

  it('has the headers for unsubscribing signed, and bcc nowhere', async () => {
    const raw = await arrival({ unsubscribe: { url: 'https://example.com/u?who=7' }, bcc: 'hidden@example.org' });
    expect(await verdicts(raw)).toEqual(['pass d=example.com s=s1']);
    expect(signedHeaders(raw)).toEqual(
      expect.arrayContaining(['from', 'to', 'subject', 'date', 'message-id', 'mime-version', 'content-type']),
    );
    expect(signedHeaders(raw)).toEqual(expect.arrayContaining(['list-unsubscribe', 'list-unsubscribe-post']));
    expect(raw).not.toContain('hidden');
    expect((await simpleParser(raw)).text).toBe('Hi.\n');
  });

  it('does not verify when it was tampered with', async () => {
    const raw = await arrival();
    for (const tampered of [raw.replace('Hi.', 'Ho.'), raw.replace('Subject: Hello', 'Subject: Hallo')]) {
      expect(tampered).not.toBe(raw);
      expect((await verdicts(tampered))[0]).toMatch(/^(fail|neutral) /);
    }
  });

  it('is signed by the parent domain, where the subdomain has no key of its own', async () => {
    expect(await verdicts(await arrival({ from: 'a@mail.eu.example.com' }))).toEqual(['pass d=example.com s=s1']);
  });

  it('is not signed where the domain has no key, or none that signs', async () => {
    publish(await dkim('create', 'quiet.test', '--selector', 's1'));
    for (const from of ['a@notexample.com', 'a@quiet.test']) {
      const raw = await arrival({ from });
      expect(raw).not.toContain('DKIM-Signature');
      expect(await verdicts(raw)).toEqual(['none']);
    }
  });
});

describe('keys change', () => {
  it('from one selector to the next without a restart, and what was signed before verifies still', async () => {
    publish(await dkim('create', 'xn--exmple-cua.test', '--selector', 'old'));
    await dkim('use', 'exämple.test', 'old');
    const from = 'Jörg <jörg@exämple.test>';
    const before = await arrival({ from: 'a@exämple.test' });
    expect(await verdicts(before)).toEqual(['pass d=xn--exmple-cua.test s=old']);

    publish(await dkim('create', 'exämple.test', '--selector', 'new', '--bits', '3072'));
    expect(await verdicts(await arrival({ from: 'b@exämple.test' }))).toEqual(['pass d=xn--exmple-cua.test s=old']);
    await dkim('use', 'exämple.test', 'new');
    await eventually(async () => {
      const [verdict, ...others] = await verdicts(await arrival({ from }));
      expect(others).toEqual([]);
      expect(verdict).toMatch(/^pass /);
      return verdict?.endsWith('s=new');
    });
    expect(await verdicts(before)).toEqual(['pass d=xn--exmple-cua.test s=old']);

    await dkim('remove', 'exämple.test', 'old');
    await dkim('remove', 'exämple.test', 'new');
    await eventually(async () => (await verdicts(await arrival({ from: 'c@exämple.test' })))[0] === 'none');
  });

  it('and an email whose key is of no use waits, and goes out signed when the key is good again', async () => {
    const { sql } = ground.database;
    publish(await dkim('create', 'broken.test', '--selector', 's1'));
    await dkim('use', 'broken.test', 's1');
    const [row] = await sql`select private_key from dkim_keys where domain = 'broken.test'`;
    await sql`update dkim_keys set private_key = '-----BEGIN PRIVATE KEY-----' where domain = 'broken.test'`;
    const to = 'waits@example.org';
    const { id } = await json(await ground.api.send({ from: 'a@broken.test', to, subject: 'S', text: 'T' }));
    const deferred = await eventually(async () => {
      const email = await ground.api.read(`/emails/${id}`);
      return email.status === 'deferred' && email;
    });
    expect(deferred.events.find(({ type }: { type: string }) => type === 'attempt')).toMatchObject({
      outcome: 'deferred',
      category: 'worker',
    });
    await sql`update dkim_keys set private_key = ${row?.private_key} where domain = 'broken.test'`;
    await sql`update emails set due_at = now() where id = ${id}`;
    const raw = await eventually(async () => ground.smtp.received.find((message) => message.to.includes(to))?.raw);
    expect(await verdicts(raw)).toEqual(['pass d=broken.test s=s1']);
    expect(ground.smtp.received.filter((message) => message.to.includes(to))).toHaveLength(1);
  });
});

describe("the operator's command", () => {
  it('says whether the record is in DNS, and whether it fits', async () => {
    const { name, value, strings } = publish(await dkim('create', 'checked.test', '--selector', 's1'));
    expect(strings.map(({ length }) => length)).toEqual([255, value.length - 255]);
    const check = () => dkim('check', 'checked.test', '--server', dns.address);
    expect(await check()).toBe(`${name}: the record is there and fits`);

    dns.records.set(name, [['v=DKIM1; k=rsa; p=', 'AAAA']]);
    await expect(check()).rejects.toThrow(`${name}: the record has another public key`);
    dns.records.set(name, [['v=spf1 -all']]);
    await expect(check()).rejects.toThrow('no TXT record there has a public key');
    dns.records.set(name, [strings, strings]);
    await expect(check()).rejects.toThrow('several records');
    dns.records.set(name, [['t=y; ', ...strings]]);
    await expect(check()).rejects.toThrow('it says t=y');
    dns.records.delete(name);
    await expect(check()).rejects.toThrow('there is no TXT record');
    await dns.stop();
    await expect(check()).rejects.toThrow(`DNS gives no answer for ${name} (ECONNREFUSED).`);
  });

  it('lists keys, prints their records again, and refuses what makes no sense', async () => {
    expect(await dkim('list')).toMatch(/^example\.com +s1 +yes +\d{4}-\d\d-\d\d/m);
    expect(printed).toContain(await dkim('record', 'EXAMPLE.com', 's1'));
    await expect(dkim('create', 'example.com', '--selector', 's1')).rejects.toThrow(
      'example.com has a key "s1" already',
    );
    await expect(dkim('create', 'example.com', '--bits', '1024')).rejects.toThrow('--bits must be 2048, 3072, 4096');
    await expect(dkim('create', 'com')).rejects.toThrow('DOMAIN must be');
    await expect(dkim('create', 'example.com; x', '--selector', 's1')).rejects.toThrow('DOMAIN must be');
    await expect(dkim('create', 'example.com', '--selector', 'a b')).rejects.toThrow('SELECTOR may have');
    await expect(dkim('use', 'example.com', 's9')).rejects.toThrow('no DKIM key "s9"');
    await dkim('create', 'example.com', '--selector', 's2');
    await expect(dkim('remove', 'example.com', 's1')).rejects.toThrow('dkim use another one first');
    expect(await dkim('remove', 'example.com', 's2')).toContain('is gone');
  });

  it('prints no private key, nor does any log have one', async () => {
    const rows = await ground.database.sql`select private_key from dkim_keys`;
    const logs = JSON.stringify(Object.values(ground.api.functions).flatMap(({ lines }) => lines));
    for (const output of [printed, logs, await dkim('list'), await dkim('record', 'example.com')]) {
      expect(output).not.toContain('PRIVATE');
      for (const { private_key } of rows) expect(output).not.toContain(private_key.split('\n')[4]);
    }
    expect(rows.length).toBeGreaterThan(2);
  });
});
