// The SMTP relays in order of preference, each behind its breaker: chooses which relay gets an email, and logs when one is in trouble.
import { performance } from 'node:perf_hooks';
import type { Log } from '../../lib/process/log.ts';
import type { Lane } from '../../lib/store/emails/email.ts';
import { afterTrouble, type Breaker, type BreakerPolicy, begin, closed, untilProbe } from './breaker.ts';
import { anotherMayTake, failover, isRelayTrouble } from './failover.ts';
import { type Load, noLoad } from './load.ts';
import { type AttemptResult, classify } from './outcome.ts';
import type { SmtpMessage } from './smtp.ts';
import type { SmtpRelay } from './smtp-relay.ts';

export interface Relays {
  /** Offers the message to one relay after the other, as failover allows; none, when every breaker is open. Never rejects. */
  send(message: SmtpMessage, lane: Lane, load?: Load, client?: string): Promise<Conversation[]>;
  /** How long to wait with an email while every breaker is open, in milliseconds, spread by chance. */
  awayForMs(random?: number): number;
  states(): RelayState[];
  /** Called when the worker must end: conversations under way go on, none begins. */
  stop(): void;
  isStopping(): boolean;
  /** Call this when no conversation is under way. */
  close(): void;
}

/** One conversation with one relay. */
export interface Conversation {
  relay: string;
  ms: number;
  result: AttemptResult;
}

export interface RelayState {
  name: string;
  state: Breaker['state'];
  consecutive_failures: number;
}

/** Least time between two log lines about a relay that refuses our account: not one line for each email. */
const shoutEveryMs = 60_000;

export function createRelays(relays: readonly SmtpRelay[], policy: BreakerPolicy, log: Log): Relays {
  const guarded = relays.map((relay) => createGuard(relay, policy, log));
  let stopping = false;
  return {
    async send(message, lane, load = noLoad, client = undefined) {
      const conversations: Conversation[] = [];
      let isOneLeftAlone = false;
      for (const guard of guarded) {
        const conversation = await guard.send(message, lane, load, client);
        if (conversation === undefined) {
          isOneLeftAlone = true;
          continue;
        }
        conversations.push(conversation);
        if (failover(conversation.result, message.envelope.to) === 'done') break;
      }
      // Relays that cannot carry it do not decide its fate: it waits for the relay that was not asked.
      const isUndecided = conversations.every(
        ({ result }) => result.ended === 'refused' && anotherMayTake(result.reply),
      );
      return isOneLeftAlone && isUndecided ? [] : conversations;
    },
    awayForMs: (random = Math.random()) =>
      Math.min(...guarded.map(({ untilProbe }) => untilProbe())) + random * policy.coolDownMs,
    states: () => guarded.map(({ state }) => state()),
    stop() {
      stopping = true;
      for (const { slots } of relays) slots.close();
    },
    isStopping: () => stopping,
    close() {
      for (const { close } of relays) close();
    },
  };
}

function createGuard(relay: SmtpRelay, policy: BreakerPolicy, log: Log) {
  const { name } = relay;
  let breaker = closed;
  let shoutedAt = Number.NEGATIVE_INFINITY;

  async function send(
    message: SmtpMessage,
    lane: Lane,
    load: Load,
    client?: string,
  ): Promise<Conversation | undefined> {
    if (begin(breaker, performance.now()) === undefined) return undefined;
    const release = await relay.slots.take(lane, load, client);
    if (release === undefined) return undefined;
    try {
      // Check the breaker again: it may have opened while we waited, or another email may be the probe.
      const begun = begin(breaker, performance.now());
      if (begun === undefined) return undefined;
      breaker = begun;
      const startedAt = performance.now();
      const result = await relay.send(message);
      learn(result, message);
      return { relay: name, ms: Math.round(performance.now() - startedAt), result };
    } catch (fault) {
      // Not expected. But a probe that never reports would keep the breaker half-open for ever.
      breaker = afterTrouble(breaker, performance.now(), policy);
      throw fault;
    } finally {
      release();
    }
  }

  function learn(result: AttemptResult, { envelope }: SmtpMessage): void {
    const { category, reply, reason } = classify(result, envelope.to);
    const before = breaker.state;
    breaker = isRelayTrouble(result) ? afterTrouble(breaker, performance.now(), policy) : closed;
    const why = { category, code: reply?.code, reason: withoutLocalParts(reply?.text ?? reason ?? '') };
    if (category === 'relay_account') shout(why);
    if (result.ended === 'abandoned') log.warn('message not handed over', { relay: name, error: result.error });
    const { state, consecutive_failures } = breaker;
    if (state === 'open' && before !== 'open')
      log.warn('relay left alone', {
        relay: name,
        ...why,
        consecutive_failures,
        for_s: Math.round(untilProbe(breaker, performance.now(), policy) / 1000),
      });
    if (state === 'closed' && before !== 'closed') log.info('relay works again', { relay: name });
  }

  function shout(why: Record<string, unknown>): void {
    if (performance.now() - shoutedAt < shoutEveryMs) return;
    shoutedAt = performance.now();
    log.error('the relay has trouble with our account: check its credentials, its limits and its senders', {
      relay: name,
      ...why,
    });
  }

  return {
    send,
    untilProbe: () => untilProbe(breaker, performance.now(), policy),
    state: (): RelayState => ({ name, state: breaker.state, consecutive_failures: breaker.consecutive_failures }),
  };
}

/** Relays often quote addresses, which must not be logged. */
function withoutLocalParts(text: string): string {
  return text.replace(/(?<![^\s<>"@])[^\s<>"@]+@/g, '***@');
}
