// What an attack is: what one client or a stranger does, over and over, while a polite client sends.
import type { Behaviour } from '../faults/smtp-protocol.ts';
import type { FunctionName } from '../local/functions.ts';

export interface Attack {
  /** For `--only`. */
  name: string;
  /** For the table. */
  says: string;
  /** Part of the short form, which CI runs. */
  short?: true;
  /** What the polite client asks for; to send an email where not said. `delivery`: to send one, and to hear when it was delivered. */
  polite?: 'send' | 'delivery' | 'authorize';
  /** The answer that is bounded is slower: large mail is delivered meanwhile. */
  mostP99Ms?: number;
  /** Megabytes that a function may have, where it is not as much as usual. */
  megabytes?: Partial<Record<FunctionName, number>>;
  /** How the relay behaves. */
  relay?: Behaviour;
  /** It is over when `make` is, and all of it must have been dealt with by then. */
  ends?: true;
  /** Once, before the polite client is measured. */
  prepare?(ground: Ground): Promise<string>;
  /** Goes on until the ground is taken away, unless it ends; `prepared` is what `prepare` gave. */
  make(ground: Ground, prepared: string): Promise<unknown>;
}

export interface Ground {
  urls: Record<'token' | 'send' | 'history' | 'manage', string>;
  /** Of the client that attacks. */
  token: string;
  full: boolean;
  /** What was answered, with how often each came. */
  note(what: string): void;
}
