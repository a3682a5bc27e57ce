// The load: clients on kept-alive connections send emails at an even pace, and record every answer.
import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { DeliveryMode } from '../../lib/store/emails/email.ts';
import { client } from './services.ts';

export interface LoadOptions {
  urls: { token: string; send: string; history: string };
  /** Accepted emails after which it stops, if nothing keeps it on. */
  emails: number;
  perSecond: number;
  connections: number;
  delivery: DeliveryMode;
  /** Length of the text of an email. */
  textLength: number;
  /** Each request carries an Idempotency-Key and is repeated until it is answered 202. */
  repeats: boolean;
}

export interface Load {
  /** Emails answered with 202: id → marker. */
  accepted: Map<string, string>;
  /** Markers of requests that got no 202: the email was stored or was not. */
  maybe: Set<string>;
  /** Answers other than those expected, with how often each came. */
  answers: Map<string, number>;
  /** Complaints: answers that break a promise. */
  broken: string[];
  startedAt: number;
  /** Fulfilled when this share of the emails, from 0 to 1, has been accepted. */
  until(share: number): Promise<void>;
  /** Sends until the emails are accepted and `others` is fulfilled. */
  run(others: Promise<unknown>): Promise<void>;
  /** One email beside the load: its id if it was accepted. */
  sendOne(): Promise<string | undefined>;
  /** A fresh token; undefined when there was none to be had. */
  authorize(): Promise<string | undefined>;
  /** An email as the history function shows it; undefined when it did not answer. */
  read(id: string): Promise<{ status: string } | undefined>;
  close(): void;
}

/** A request that got no answer by then counts as "maybe". */
const answerWithinMs = 15_000;
/** Longer than any outage that is made here, in ms. */
const giveUpMs = 60_000;
/** Pause before a request is repeated, in ms, and how often it is at most. */
const repeatAfterMs = 100;
const maxRepeats = 300;
/** Of so many emails, one client asks for a new token, and reads one email. */
const tokenEvery = 50;
const readEvery = 20;

export function createLoad(options: LoadOptions): Load {
  const { urls, emails, perSecond, connections, delivery, textLength, repeats } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const accepted = new Map<string, string>();
  const maybe = new Set<string>();
  const answers = new Map<string, number>();
  const broken: string[] = [];
  const text = 'x'
    .repeat(70)
    .concat('\n')
    .repeat(Math.ceil(textLength / 71));
  let token = '';
  let count = 0;
  let startedAt = Date.now();
  let acceptedAt = performance.now();

  const bearer = () => ({ authorization: `Bearer ${token}` });
  const note = (what: string) => answers.set(what, (answers.get(what) ?? 0) + 1);

  async function sendOne(): Promise<string | undefined> {
    count += 1;
    const marker = `m${String(count).padStart(6, '0')}`;
    const body = {
      from: 'Load <load@example.com>',
      to: `${marker}@example.net`,
      subject: marker,
      text,
      // Set only if it is not the default, so that the plainest request is tested most.
      ...(delivery !== 'at_least_once' && { delivery }),
    };
    maybe.add(marker);
    let answer = await post(body, marker);
    for (let again = 0; repeats && answer.status !== 202 && again < maxRepeats; again++) {
      await pause(repeatAfterMs);
      answer = await post(body, marker);
    }
    if (answer.status !== 202) return undefined;
    const id = answer.body.id as string;
    maybe.delete(marker);
    accepted.set(id, marker);
    acceptedAt = performance.now();
    return id;
  }

  async function post(body: object, marker: string): Promise<Answer> {
    const answer = await call(
      'POST',
      `${urls.send}/send`,
      { ...bearer(), ...(repeats && { 'idempotency-key': marker }) },
      body,
    );
    if (answer.status !== 202) note(`POST /send ${answer.status}`);
    if (answer.replayed) note('POST /send replayed');
    if (answer.status === 401) await renewToken();
    return answer;
  }

  async function authorize(): Promise<string | undefined> {
    const asked = { grant_type: 'client_credentials', ...client };
    const answer = await call('POST', `${urls.token}/authorize`, {}, asked);
    if (answer.status !== 200) note(`POST /authorize ${answer.status}`);
    return answer.status === 200 ? (answer.body.access_token as string) : undefined;
  }
  const renewToken = async () => {
    token = (await authorize()) ?? token;
  };

  async function read(id: string): Promise<{ status: string } | undefined> {
    const answer = await call('GET', `${urls.history}/emails/${id}`, bearer());
    if (answer.status === 200) return answer.body as { status: string };
    note(`GET /emails/{id} ${answer.status}`);
    if (answer.status === 404) broken.push(`history does not know the accepted email ${id}`);
    return undefined;
  }

  async function call(method: string, url: string, further: object, body?: object): Promise<Answer> {
    const headers = { 'content-type': 'application/json', ...further };
    const options = { method, agent, headers, signal: AbortSignal.timeout(answerWithinMs) };
    return new Promise((resolve) => {
      const failed = (error: NodeJS.ErrnoException) =>
        resolve({ status: error.code ?? error.message, replayed: false, body: {} });
      const sent = request(url, options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', failed);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            replayed: response.headers['idempotency-replayed'] === 'true',
            body: parsed(Buffer.concat(chunks)),
          }),
        );
      });
      sent.on('error', failed);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  async function run(others: Promise<unknown>): Promise<void> {
    let othersDone = false;
    others.then(
      () => (othersDone = true),
      () => (othersDone = true),
    );
    await renewToken();
    startedAt = Date.now();
    const begun = performance.now();
    acceptedAt = begun;
    let due = 0;
    await Promise.all(
      Array.from({ length: connections }, async () => {
        for (;;) {
          const mine = due++;
          const waitMs = begun + (mine * 1000) / perSecond - performance.now();
          if (waitMs > 0) await pause(waitMs);
          if (accepted.size >= emails && othersDone) return;
          if (performance.now() - acceptedAt > giveUpMs)
            throw new Error(`nothing was accepted for ${giveUpMs / 1000} s`);
          const id = await sendOne();
          if (mine % tokenEvery === tokenEvery - 1) await renewToken();
          if (id !== undefined && mine % readEvery === 0) await read(id);
        }
      }),
    );
  }

  return {
    accepted,
    maybe,
    answers,
    broken,
    get startedAt() {
      return startedAt;
    },
    async until(share) {
      while (accepted.size < emails * share) await pause(20);
    },
    run,
    sendOne,
    authorize,
    read,
    close: () => agent.destroy(),
  };
}

interface Answer {
  /** Of HTTP, or the code of the failure. */
  status: number | string;
  /** By the key of an earlier request. */
  replayed: boolean;
  body: Record<string, unknown>;
}

function parsed(body: Buffer): Record<string, unknown> {
  try {
    return JSON.parse(body.toString());
  } catch {
    return {};
  }
}
