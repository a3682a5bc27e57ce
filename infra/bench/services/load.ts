// HTTP load: a fixed number of connections, each sends a request when it has the last answer. Bare sockets, to use little of the shared CPU.
import { connect, type Socket } from 'node:net';
import { loopback } from '../../local/ports.ts';

export interface LoadOptions {
  port: number;
  /** POST, where not said. */
  method?: 'GET' | 'POST';
  /** If it is a function, it is called for each request. */
  path: string | (() => string);
  headers?: Record<string, string>;
  /** The same for every request. */
  body?: string;
  connections: number;
  /** How long new requests are begun, in ms. */
  durationMs: number;
  /** How many requests are begun at most. */
  most?: number;
  /** The answer that counts; any other fails the run. */
  status: number;
  /** While it returns true, no new request begins. */
  holdBack?: () => boolean;
}

export interface LoadResult {
  answered: number;
  seconds: number;
  /** Of each answer, in ms, ascending. */
  latencies: Float64Array;
}

/** An answer that takes longer than this ends the run, in ms. */
const answerWithinMs = 20_000;
/** Pause between two checks whether to go on, in ms. */
const holdMs = 2;

export async function load(options: LoadOptions): Promise<LoadResult> {
  const {
    port,
    path,
    connections,
    durationMs,
    most = Number.POSITIVE_INFINITY,
    status,
    holdBack = () => false,
  } = options;
  const fixed = typeof path === 'string' ? wireOf(options, path) : undefined;
  const wire = () => fixed ?? wireOf(options, typeof path === 'string' ? path : path());
  const latencies: number[] = [];
  const startedAt = performance.now();
  let begun = 0;
  const mayBegin = () => begun < most && performance.now() - startedAt < durationMs;

  await Promise.all(Array.from({ length: connections }, () => one()));
  const seconds = (performance.now() - startedAt) / 1000;
  return { answered: latencies.length, seconds, latencies: Float64Array.from(latencies).sort() };

  async function one(): Promise<void> {
    const socket = connect({ port, host: loopback, noDelay: true });
    socket.setTimeout(answerWithinMs, () =>
      socket.destroy(new Error(`no answer from port ${port} in ${answerWithinMs} ms`)),
    );
    await new Promise<void>((resolve, reject) => {
      let sentAt = 0;
      let received = '';
      const next = () => {
        if (!mayBegin()) return void socket.end(resolve);
        if (holdBack()) return void setTimeout(next, holdMs);
        begun += 1;
        sentAt = performance.now();
        socket.write(wire());
      };
      socket.once('connect', next);
      socket.once('error', reject);
      socket.on('data', (bytes: Buffer) => {
        received += bytes.toString('latin1');
        const answer = wholeAnswer(received);
        if (answer === undefined) return;
        const text = received;
        received = '';
        if (answer !== status)
          return void socket.destroy(new Error(`port ${port} answered ${answer}, not ${status}: ${text}`));
        latencies.push(performance.now() - sentAt);
        next();
      });
      closeRejects(socket, reject);
    });
  }
}

function wireOf({ port, method = 'POST', headers = {}, body }: LoadOptions, path: string): Buffer {
  const head = [
    `${method} ${path} HTTP/1.1`,
    `Host: ${loopback}:${port}`,
    ...(body === undefined ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`]),
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body ?? ''}`);
}

/** The status of an answer that has come whole; undefined before. */
function wholeAnswer(received: string): number | undefined {
  const headEnd = received.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [, length = '0'] = /\r\ncontent-length: (\d+)/i.exec(received) ?? [];
  return received.length >= headEnd + 4 + Number(length) ? Number(received.slice(9, 12)) : undefined;
}

function closeRejects(socket: Socket, reject: (error: Error) => void): void {
  socket.once('close', () => reject(new Error('the server closed the connection')));
}

/** The value below which `share` of the ascending values lie. */
export function percentile(ascending: ArrayLike<number>, share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? Number.NaN;
}
