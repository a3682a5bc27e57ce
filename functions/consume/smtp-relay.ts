// One SMTP relay: a pool of warm connections to it.

import type { Memory } from './memory.ts';
import type { AttemptResult } from './outcome.ts';
import type { RelayAddress } from './relay-url.ts';
import { createSlots, type Slots } from './slots.ts';
import { type Handover, handOver, openConnection, quit, reset, type SMTPConnection, type SmtpMessage } from './smtp.ts';

export interface SmtpRelay {
  name: string;
  /** Whose turn it is; a message is handed over in a slot. */
  slots: Slots;
  /** Hands a message to the relay. Never rejects: how it ended is the answer. */
  send(message: SmtpMessage): Promise<AttemptResult>;
  /** Ends idle connections; to be called when nothing is under way. */
  close(): void;
}

export interface SmtpOptions {
  /** Most connections at once, to each relay. */
  connections: number;
  /** How long a relay may be silent. */
  timeoutMs: number;
  /** For contents, of all relays together. */
  memory?: Memory | undefined;
}

/** An unused connection is ended after this; relays drop idle ones after minutes. */
const idleMs = 30_000;
/** Relays commonly limit the messages of one connection. */
const maxMessagesPerConnection = 100;

interface Connection {
  smtp: SMTPConnection;
  messages: number;
  idleTimer?: NodeJS.Timeout;
}

export function createSmtpRelay(address: RelayAddress, { connections, timeoutMs, memory }: SmtpOptions): SmtpRelay {
  const idle: Connection[] = [];

  async function send(message: SmtpMessage): Promise<AttemptResult> {
    const kept = idle.pop();
    if (kept) {
      clearTimeout(kept.idleTimer);
      const handover = await use(kept, message);
      if (!wasDead(handover)) return handover.result;
    }
    const smtp = await openConnection(address, timeoutMs);
    if ('ended' in smtp) return smtp;
    const connection = { smtp, messages: 0 };
    smtp.once('end', () => forget(connection));
    return (await use(connection, message)).result;
  }

  async function use(connection: Connection, message: SmtpMessage): Promise<Handover> {
    connection.messages += 1;
    const handover = await handOver(connection.smtp, message);
    if (await isReusable(connection, handover)) keep(connection);
    else if (handover.result.ended === 'accepted') quit(connection.smtp);
    else connection.smtp.close();
    return handover;
  }

  async function isReusable({ smtp, messages }: Connection, { result, sent }: Handover): Promise<boolean> {
    if (messages >= maxMessagesPerConnection) return false;
    if (result.ended === 'accepted') return true;
    // In the midst of a message, or of what we gave up ourselves, there is no way back but to close.
    return result.ended === 'refused' && sent !== 'some' && (await reset(smtp));
  }

  function keep(connection: Connection): void {
    connection.idleTimer = setTimeout(() => {
      forget(connection);
      quit(connection.smtp);
    }, idleMs);
    connection.idleTimer.unref();
    idle.push(connection);
  }

  function forget(connection: Connection): void {
    clearTimeout(connection.idleTimer);
    const index = idle.indexOf(connection);
    if (index >= 0) idle.splice(index, 1);
  }

  return {
    name: address.name,
    slots: createSlots(connections, memory),
    send,
    close() {
      for (const { smtp, idleTimer } of idle.splice(0)) {
        clearTimeout(idleTimer);
        quit(smtp);
      }
    },
  };
}

/**
 * A kept connection that the relay has closed meanwhile says nothing about the relay: as nothing of the message was sent, a fresh
 * one is tried. Silence is another matter: it has taken its time already.
 */
function wasDead({ result, sent }: Handover): boolean {
  if (sent !== 'nothing') return false;
  return (result.ended === 'lost' && !result.timed_out) || (result.ended === 'refused' && result.reply.code === 421);
}
