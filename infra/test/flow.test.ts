// The main job over the built bundles: a token, a send, the email at the SMTP server, its history.
import { simpleParser } from 'mailparser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, eventually, json } from './functions.ts';
import type { TestSmtpServer } from './smtp-server.ts';
import { startWholeApi, type WholeApi } from './whole-api.ts';

let ground: WholeApi;
let smtp: TestSmtpServer;
let api: Api;

beforeAll(async () => {
  ground = await startWholeApi();
  ({ smtp, api } = ground);
});
afterAll(async () => {
  await ground?.stop();
});

const original = {
  email: 'sender@example.com',
  name: 'Sender',
  to_name: 'Receiver',
  to_email: 'receiver@example.com',
  subject: 'Hello',
};

const sent = (id: string) =>
  eventually(async () => {
    const email = await api.read(`/emails/${id}`);
    return email.status === 'sent' && email;
  });

describe('the main job', () => {
  it('takes the original body, delivers a default text and tells every step', async () => {
    const response = await api.send(original);
    expect(response.status).toBe(202);
    const answer = await json(response);
    expect(answer).toEqual({ id: expect.any(String), status: 'queued', message: 'Start Queue Email' });
    expect(response.headers.get('location')).toBe(`/emails/${answer.id}`);

    const email = await sent(answer.id);
    expect(email.events.map(({ type }: { type: string }) => type)).toEqual(['accepted', 'attempt', 'sent']);
    expect(email.events[1]).toMatchObject({ attempt: 1, code: 250, enhanced_code: '2.0.0', outcome: 'sent' });
    expect(email.recipients).toEqual([expect.objectContaining({ email: 'receiver@example.com', status: 'sent' })]);

    const [message] = smtp.received.filter(({ to }) => to.includes('receiver@example.com'));
    const parsed = await simpleParser(message?.raw ?? '');
    expect(parsed.from?.text).toBe('"Sender" <sender@example.com>');
    expect(parsed.subject).toBe('Hello');
    expect(parsed.text).toContain('Hello Receiver');
    expect(parsed.html).toContain('Receiver');
    expect(parsed.messageId).toBe(email.message_id);
  });

  it('answers the bare line to Accept: text/plain', async () => {
    const response = await api.send(original, { accept: 'text/plain' });
    expect(response.status).toBe(202);
    expect(await response.text()).toBe('Start Queue Email');
  });

  it('delivers to, cc and bcc once each, and shows bcc to nobody', async () => {
    const response = await api.send({
      from: 'Zoë <zoe@example.com>',
      to: ['a@example.com', { email: 'b@exämple.com', name: 'Bé' }],
      cc: 'a@example.com',
      bcc: 'hidden@example.com',
      reply_to: 'reply@example.com',
      subject: 'Grüße',
      text: 'plain',
      html: '<p>rich</p>',
    });
    const { id } = await json(response);
    await sent(id);
    const message = smtp.received.find(({ to }) => to.includes('hidden@example.com'));
    expect(message?.to).toHaveLength(3);
    expect(message?.to).toEqual(expect.arrayContaining(['a@example.com', 'hidden@example.com']));
    // In ASCII on the wire: not every relay offers SMTPUTF8.
    expect(message?.raw).toContain('b@xn--exmple-cua.com');
    expect(message?.raw).not.toContain('hidden');
    const parsed = await simpleParser(message?.raw ?? '');
    expect(parsed.subject).toBe('Grüße');
    expect(parsed.from?.value).toEqual([{ address: 'zoe@example.com', name: 'Zoë' }]);
    expect(parsed.replyTo?.text).toBe('reply@example.com');
  });

  it('is one trace from the request to the attempt, in events and in the log', async () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const response = await api.send(original, { traceparent: `00-${trace}-00f067aa0ba902b7-01` });
    const { id } = await json(response);
    expect((await sent(id)).events[1].trace_id).toBe(trace);
    const { send, consume } = api.functions;
    const logged = [...send.lines, ...consume.lines].filter((line) => line.email_id === id);
    expect(logged.map(({ function: name, trace_id }) => [name, trace_id])).toEqual([
      ['send', trace],
      ['consume', trace],
    ]);
  });

  it('counts what it does', async () => {
    const metrics = async (name: keyof Api['functions']) => (await fetch(`${api.functions[name].url}/metrics`)).text();
    expect(await metrics('send')).toMatch(/^email_api_emails_accepted_total\{.*lane="transactional".*\} [1-9]/m);
    expect(await metrics('send')).toMatch(
      /^email_api_http_request_duration_seconds_count\{.*route="\/send".*status="202".*\} [1-9]/m,
    );
    expect(await metrics('consume')).toMatch(
      /^email_api_smtp_attempt_duration_seconds_count\{.*outcome="sent".*\} [1-9]/m,
    );
    expect(await metrics('consume')).toMatch(/^email_api_smtp_relay_state\{.*state="closed".*\} 1$/m);
    expect(await metrics('consume')).toMatch(/^email_api_batch_items_count\{.*batch="record".*\} [1-9]/m);
    expect(await metrics('dispatch')).toContain('# TYPE email_api_emails_due gauge');
    expect(await metrics('token')).toContain('process_resident_memory_bytes');
  });

  it('logs no body, no secret and no whole address', async () => {
    const lines = Object.values(api.functions).flatMap((running) => running.lines);
    const log = lines
      .filter(({ message }) => message !== 'listening')
      .map((line) => JSON.stringify(line))
      .join('\n');
    expect(log).toContain('"accepted"');
    expect(log).not.toMatch(/@example|abc123|Hello Receiver|eyJ/);
  });
});
