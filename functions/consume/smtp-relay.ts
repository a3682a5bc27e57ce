// One SMTP relay: a pool of warm connections to it.

import type { Memory } from './memory.ts';
import type { AttemptResult } from './outcome.ts';
import type { RelayAddress } from './relay-url.ts';
import { createSlots, type Slots } from './slots.ts';
import {
  type Connection,
  type Handover,
  handOver,
  lostInStep,
  openConnection,
  quit,
  reset,
  type SmtpMessage,
} from './smtp.ts';

export interface SmtpRelay {
  name: string;
  /** Decides whose turn it is; take a slot before `send`. */
  slots: Slots;
  /** Hands a message to the relay. Never rejects: failures are results, too. */
  send(message: SmtpMessage): Promise<AttemptResult>;
  /** Ends idle connections. Call this when no conversation is under way. */
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

interface Pooled {
  connection: Connection;
  messages: number;
  idleTimer?: NodeJS.Timeout;
}

export function createSmtpRelay(address: RelayAddress, { connections, timeoutMs, memory }: SmtpOptions): SmtpRelay {
  const idle: Pooled[] = [];

  async function send(message: SmtpMessage): Promise<AttemptResult> {
    const kept = idle.pop();
    if (kept) {
      clearTimeout(kept.idleTimer);
      const handover = await use(kept, message);
      if (!wasDead(handover)) return handover.result;
    }
    const connection = await openConnection(address, timeoutMs);
    if ('ended' in connection) return connection;
    const pooled = { connection, messages: 0 };
    connection.smtp.once('end', () => forget(pooled));
    return (await use(pooled, message)).result;
  }

  async function use(pooled: Pooled, message: SmtpMessage): Promise<Handover> {
    const { connection } = pooled;
    pooled.messages += 1;
    const handover = await handOver(connection, message);
    const isReusable = await canBeReused(pooled, handover);
    if (isReusable) keep(pooled);
    else if (handover.result.ended === 'accepted' && !connection.isOutOfStep()) quit(connection);
    else connection.smtp.close();
    // Out of step, it may answer something else: whom or what it refused is unknown.
    const isDoubtful = connection.isOutOfStep() && handover.result.ended === 'refused' && handover.sent === 'nothing';
    return isDoubtful ? { ...handover, result: lostInStep } : handover;
  }

  async function canBeReused({ connection, messages }: Pooled, { result, sent }: Handover): Promise<boolean> {
    if (messages >= maxMessagesPerConnection || connection.isOutOfStep()) return false;
    if (result.ended === 'accepted') return true;
    // In the middle of a message, or after we gave up, the only way is to close the connection.
    return result.ended === 'refused' && sent !== 'some' && (await reset(connection)) && !connection.isOutOfStep();
  }

  function keep(pooled: Pooled): void {
    pooled.idleTimer = setTimeout(() => {
      forget(pooled);
      quit(pooled.connection);
    }, idleMs);
    pooled.idleTimer.unref();
    idle.push(pooled);
  }

  function forget(pooled: Pooled): void {
    clearTimeout(pooled.idleTimer);
    const index = idle.indexOf(pooled);
    if (index >= 0) idle.splice(index, 1);
  }

  return {
    name: address.name,
    slots: createSlots(connections, memory),
    send,
    close() {
      for (const { connection, idleTimer } of idle.splice(0)) {
        clearTimeout(idleTimer);
        quit(connection);
      }
    },
  };
}

/**
 * True when the relay had closed a kept connection meanwhile. That says nothing about the relay, and nothing of the message was
 * sent, so a fresh connection is tried. Not after a timeout: it has already cost its time.
 */
function wasDead({ result, sent }: Handover): boolean {
  if (sent !== 'nothing') return false;
  return (result.ended === 'lost' && !result.timed_out) || (result.ended === 'refused' && result.reply.code === 421);
}
