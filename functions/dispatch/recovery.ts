// Decides whether expired leases may be taken. After an outage of the database they may belong to workers that are alive.
import { performance } from 'node:perf_hooks';
import { recordingMs } from '../../lib/store/emails/due.ts';

export interface Recovery {
  /** A round failed because of the database. */
  failed(): void;
  /** A round succeeded, within `tookMs`. */
  succeeded(tookMs: number): void;
  /** Whether expired leases may be taken from their workers. */
  isOver(): boolean;
}

/** A round that took longer than this has waited for a lock on the table, and so have the workers. */
const stalledMs = 1_500;

export function createRecovery(now = () => performance.now()): Recovery {
  let isBack = true;
  // A process that has just started has seen no outage; `lockDueEmails` checks how long the server has been up.
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
