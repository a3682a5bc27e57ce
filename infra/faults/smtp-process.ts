// The SMTP server of the harness, in a process of its own that no fault kills: keeps every message it got and misbehaves as told.
import type { AddressInfo, Socket } from 'node:net';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import type { Answer, Arrival, Behaviour, Order, Refusal, SmtpSettings } from './smtp-protocol.ts';

const deliveries: Arrival[] = [];
const refused = new Set<string>();
/** Connections by the client's port, so that one session's can be cut. */
const sockets = new Map<number, Socket>();
let settings: SmtpSettings = {};
let behaviour: Behaviour = {};
let server: SMTPServer | undefined;
let port = 0;

// Ctrl-C in the terminal reaches this process, too. The harness decides when we end; if the harness ends, so do we.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit());
process.on('message', (order: Order) => {
  carryOut(order).then(
    (answer) => process.send?.({ seq: order.seq, ...answer } satisfies Answer),
    (error) => process.send?.({ seq: order.seq, error: String(error) } satisfies Answer),
  );
});

async function carryOut(order: Order): Promise<Omit<Answer, 'seq'>> {
  switch (order.do) {
    case 'start':
      settings = order.settings;
      await open();
      return { port };
    case 'behave':
      await behave(order.behaviour);
      return {};
    case 'report':
      return { report: { deliveries, refused: [...refused] } };
  }
}

/** Where the change is about connections, a new listener takes the place of the old one, whose connections carry no further message. */
async function behave(next: Behaviour): Promise<void> {
  const before = aboutConnections(behaviour);
  behaviour = next;
  if (aboutConnections(behaviour) === before) return;
  const closing = server;
  server = undefined;
  closing?.server.close();
  if (!behaviour.refuseConnections) await open();
}

function aboutConnections({ refuseConnections, greeting, certificate, refusePassword }: Behaviour): string {
  return JSON.stringify([refuseConnections, greeting, certificate, refusePassword]);
}

async function open(): Promise<void> {
  const { tls, account } = settings;
  const opened = new SMTPServer({
    disableReverseLookup: true,
    closeTimeout: 1,
    authOptional: account === undefined,
    // The password is no secret, and TLS has a fault of its own.
    allowInsecureAuth: true,
    ...(tls ? { secure: true, key: tls.key, cert: tls[behaviour.certificate ?? 'good'] } : { hideSTARTTLS: true }),
    onConnect: (_session, callback) => callback(refusal(behaviour.greeting)),
    onAuth({ username, password }, _session, callback) {
      const isOurs = username === account?.user && password === account?.password && !behaviour.refusePassword;
      if (isOurs) callback(null, { user: username });
      else callback(refusal([535, '5.7.8 authentication credentials invalid']));
    },
    onMailFrom(_address, session, callback) {
      // Cut between two messages, so that no outcome becomes unknown by it.
      if (server === opened) callback();
      else cut(session);
    },
    onRcptTo({ address }, _session, callback) {
      noteRefusal(behaviour.recipient, address);
      callback(refusal(behaviour.recipient));
    },
    onData: receive,
    onClose(session) {
      for (const delivery of bySession.get(session.id) ?? []) delivery.closedAt = Date.now();
      bySession.delete(session.id);
    },
  });
  opened.on('error', () => {});
  opened.server.on('connection', (socket: Socket) => {
    const client = socket.remotePort ?? 0;
    sockets.set(client, socket);
    socket.once('close', () => sockets.delete(client));
  });
  await new Promise<void>((resolve, reject) => {
    opened.server.once('error', reject);
    opened.listen(port, '127.0.0.1', resolve);
  });
  port = (opened.server.address() as AddressInfo).port;
  server = opened;
}

function cut(session: SMTPServerSession): void {
  sockets.get(session.remotePort)?.destroy();
}

const bySession = new Map<string, Arrival[]>();

function receive(
  stream: NodeJS.ReadableStream,
  session: SMTPServerSession,
  callback: (error?: Error | null, message?: string) => void,
): void {
  // The present behaviour: a change by the harness meanwhile applies only to later messages.
  const { message, slowMs, drop, unasked, share = 1 } = behaviour;
  const isConcerned = Math.random() < share;
  const dropped = isConcerned ? drop : undefined;
  let head = '';
  stream.on('data', (chunk: Buffer) => {
    if (head.length < 8_192) head += chunk.toString('latin1');
    if (dropped === 'in_data') cut(session);
  });
  stream.on('end', () => {
    if (dropped === 'in_data') return;
    if (message) {
      for (const { address } of session.envelope.rcptTo) noteRefusal(message, address);
      return callback(refusal(message));
    }
    const delivery: Arrival = { marker: markerIn(head), at: Date.now(), replied: false };
    deliveries.push(delivery);
    const own = bySession.get(session.id) ?? [];
    bySession.set(session.id, own);
    own.push(delivery);
    if (dropped === 'after_final_dot') return cut(session);
    setTimeout(() => {
      // Nobody hears a reply on a connection that has ended.
      delivery.replied = delivery.closedAt === undefined;
      callback(null, '2.0.0 taken');
      if (unasked && isConcerned) sockets.get(session.remotePort)?.write('250 2.0.0 taken\r\n');
    }, slowMs ?? 0);
  });
}

function markerIn(head: string): string {
  return /^Subject: (\S+)/m.exec(head)?.[1] ?? `no subject in: ${head.slice(0, 200)}`;
}

/** The marker is the local part of the recipient's address, too: of a refused message nothing else comes in. */
function noteRefusal(reply: Refusal | undefined, address: string): void {
  if (reply && reply[0] >= 500) refused.add(address.slice(0, address.indexOf('@')));
}

function refusal(reply: Refusal | undefined): Error | null {
  return reply ? Object.assign(new Error(reply[1]), { responseCode: reply[0] }) : null;
}
