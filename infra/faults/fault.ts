// What a fault is: how it is set up, what it breaks while the load is on, and what it may do to emails.
import type { Sql } from '../../lib/store/database.ts';
import type { DeliveryMode } from '../../lib/store/emails/email.ts';
import type { FunctionName } from '../local/functions.ts';
import type { Fleet, Settings } from './fleet.ts';
import type { Load } from './load.ts';
import type { Services } from './services.ts';
import type { Smtp } from './smtp.ts';

export interface Fault {
  /** For `--only`. */
  name: string;
  /** For the table. */
  says: string;
  /** Part of the short form, which CI runs. */
  short?: true;
  /** Accepted emails of the full form, by default 1,500. The short form has its own, smaller number. */
  emails?: number;
  /** Emails a second; the default suits a machine of two cores. */
  perSecond?: number;
  textLength?: number;
  delivery?: DeliveryMode;
  /** Clients send an Idempotency-Key and repeat what was not answered. */
  repeats?: true;
  smtp?: 'tls' | 'account';
  /** Other programs take the processors meanwhile. */
  starved?: true;
  /** The functions reach the database through PgBouncer. */
  pooler?: true;
  copies?: Partial<Record<FunctionName, number>>;
  own?: Partial<Record<FunctionName, Settings>>;
  /**
   * The fault may hit emails between the final dot and the record of its reply (RFC 1047). Only there may at_least_once deliver twice.
   * `perKill`: most emails that one kill can hit there. For other faults, no bound is known.
   */
  gap?: { perKill: number } | 'unbounded';
  /** Relays refuse emails for good: `bounced` is the right end for those. */
  bounces?: true;
  /** Breaks things while the load is on; the load goes on until this is done. */
  make(stage: Stage): Promise<void>;
}

export interface Stage {
  full: boolean;
  services: Services;
  fleet: Fleet;
  smtp: Smtp;
  load: Load;
  sql: Sql;
  databaseUrl: string;
  /** Prints on the terminal what is being done. */
  say(what: string): void;
  /** Adds a complaint about this run. */
  complain(what: string): void;
  /** Measures, from now, how long it takes until every function works; complains when one does not. */
  untilAllWork(): Promise<void>;
}
