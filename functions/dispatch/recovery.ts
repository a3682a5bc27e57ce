// After the database was away, refused or stood still: leases that expired meanwhile are not those of dead workers.
import { performance } from 'node:perf_hooks';
import { recordingMs } from '../../lib/store/emails/due.ts';

export interface Recovery {
  /** The database could not do what a round asked of it. */
  failed(): void;
  /** It could, within `tookMs`. */
  succeeded(tookMs: number): void;
  /** Whether what looks abandoned may be taken from its worker. */
  isOver(): boolean;
}

/** A round that waited longer than this for its rows has waited for somebody's lock on the table, and so have the workers. */
const stalledMs = 1_500;

export function createRecovery(now = () => performance.now()): Recovery {
  let isBack = true;
  // One that has just started has seen no outage; `lockDueEmails` asks how long the server has been up.
  let backSince = Number.NEGATIVE_INFINITY;
  return {
    failed() {
      isBack = false;
    },
    succeeded(tookMs) {
      if (isBack && tookMs <= stalledMs) return;
      isBack = true;
      backSince = now();
    },
    isOver: () => isBack && now() - backSince >= recordingMs,
  };
}
