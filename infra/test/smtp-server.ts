// A real SMTP server for tests (npm's smtp-server): keeps every message it accepted, and misbehaves as it is told.
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export interface Received {
  from: string;
  to: string[];
  raw: string;
}

export interface TestSmtpServer {
  url: string;
  port: number;
  /** Messages it answered 250 for, in order. */
  received: Received[];
  /** Credentials that clients have tried, in order. */
  logins: { username: string; password: string; secure: boolean }[];
  /** Connections that it let in or turned away so far. */
  connections(): number;
  /** What it does with the next messages; see `Behaviour`. */
  behave(behaviour: Behaviour): void;
  /** Resolves when `count` messages have been received in all; rejects after `withinMs`. */
  waitFor(count: number, withinMs?: number): Promise<Received[]>;
  stop(): Promise<void>;
}

export interface Behaviour {
  /** Greeting in place of 220. */
  refuseConnection?: [code: number, text: string];
  /** Reply to AUTH; any credentials are right otherwise. */
  refuseAuth?: [code: number, text: string];
  /** Reply to MAIL FROM. */
  refuseSender?: [code: number, text: string];
  /** Reply to RCPT TO of these addresses: [code, text]. */
  refuse?: Record<string, [code: number, text: string]>;
  /** Reply in place of 250 after the final dot. */
  answerData?: [code: number, text: string];
  /** Close the connection in place of a reply: while the message is coming in, or after its final dot. */
  drop?: 'in_data' | 'after_final_dot';
  /** Wait this long before the reply to the final dot. */
  slowMs?: number;
  /** Its fulfilment is waited for, before anything else is done with a message that has come in whole. */
  hold?: Promise<unknown>;
  /** Runs when a message has come in whole, with all of it, before the reply. */
  onMessage?: (raw: string) => void;
}

export async function startSmtpServer(options: SMTPServerOptions = {}, port = 0): Promise<TestSmtpServer> {
  const received: Received[] = [];
  const logins: TestSmtpServer['logins'] = [];
  let connections = 0;
  let behaviour: Behaviour = {};
  const timers = new Set<NodeJS.Timeout>();
  let onReceived = () => {};

  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 100,
    onConnect(_session, callback) {
      connections += 1;
      callback(behaviour.refuseConnection ? smtpError(...behaviour.refuseConnection) : null);
    },
    onAuth({ username, password }, { secure }, callback) {
      logins.push({ username: username ?? '', password: password ?? '', secure });
      if (behaviour.refuseAuth) callback(smtpError(...behaviour.refuseAuth));
      else callback(null, { user: username ?? '' });
    },
    onMailFrom(_address, _session, callback) {
      callback(behaviour.refuseSender ? smtpError(...behaviour.refuseSender) : null);
    },
    onRcptTo({ address }, _session, callback) {
      const refusal = behaviour.refuse?.[address];
      callback(refusal ? smtpError(...refusal) : null);
    },
    onData(stream, session, callback) {
      const { answerData, drop, slowMs = 0, hold, onMessage } = behaviour;
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        if (drop === 'in_data') dropConnection(session.id);
      });
      stream.on('end', () => {
        onMessage?.(rawOf(chunks));
        if (drop === 'after_final_dot') return dropConnection(session.id);
        if (hold) void hold.then(reply);
        else reply();
      });
      function reply(): void {
        const timer = setTimeout(() => {
          timers.delete(timer);
          if (answerData) return callback(smtpError(...answerData));
          received.push({
            from: session.envelope.mailFrom ? session.envelope.mailFrom.address : '',
            to: session.envelope.rcptTo.map(({ address }) => address),
            raw: rawOf(chunks),
          });
          callback(null, '2.0.0 taken');
          onReceived();
        }, slowMs);
        timers.add(timer);
      }
    },
    ...options,
  });
  // A connection that the other side drops is part of the tests.
  server.on('error', () => {});

  function dropConnection(sessionId: string): void {
    for (const connection of server.connections) {
      const { id, _socket } = connection as unknown as { id: string; _socket: { destroy(): void } };
      if (id === sessionId) _socket.destroy();
    }
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.server.address() as AddressInfo;

  return {
    url: `${options.secure ? 'smtps' : 'smtp'}://127.0.0.1:${address.port}`,
    port: address.port,
    received,
    logins,
    connections: () => connections,
    behave(next) {
      behaviour = next;
    },
    waitFor(count, withinMs = 60_000) {
      return new Promise((resolve, reject) => {
        const check = () => {
          if (received.length < count) return;
          clearTimeout(timer);
          onReceived = () => {};
          resolve(received);
        };
        const timer = setTimeout(() => {
          reject(new Error(`${received.length} of ${count} messages received within ${withinMs} ms`));
        }, withinMs);
        onReceived = check;
        check();
      });
    },
    stop() {
      for (const timer of timers) clearTimeout(timer);
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function rawOf(chunks: Buffer[]): string {
  return Buffer.concat(chunks).toString();
}

function smtpError(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}
