// Decides whether ended leases may be taken. Their workers may be alive, and unable to record while the database is away or refuses to write.
import { performance } from 'node:perf_hooks';
import { recordingMs } from '../../lib/store/emails/due.ts';

export interface Recovery {
  /** A round failed because of the database. */
  failed(): void;
  /** A statement that locks has succeeded, within `tookMs`. */
  locked(tookMs: number): void;
  /**
   * Proves that the database takes writes: `touchOne` writes to one row whose lease has ended, and resolves with whether there is one.
   * Resolves with whether ended leases may be taken from their workers.
   */
  prove(touchOne: () => Promise<boolean>): Promise<boolean>;
  /** Whether ended leases may be taken from their workers. */
  isOver(): boolean;
  /** Leases have ended, and may be taken as soon as further writes have succeeded. */
  isProving(): boolean;
}

/** A statement that took longer than this has waited for a lock on the table, and so have the workers. */
const stalledMs = 1_500;
/** Writes must have been possible for so long: workers that cannot record try again each second (lib/store/database.ts). */
export const provenMs = 1_500;
/** After so long without a write of ours, nobody knows whether the database refused writes meanwhile. */
export const lapsesMs = recordingMs;

/** Pause between two rounds while that is being proven. */
export const provingPauseMs = 250;

export function createRecovery(now = () => performance.now()): Recovery {
  /** Since when writes have succeeded, and when the last did. A process that has just started has seen none. */
  let since = Number.NEGATIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  let hasFailed = false;
  let isWanted = false;

  function isOver(): boolean {
    // After an outage, workers have to connect again.
    return now() - last <= lapsesMs && now() - since >= (hasFailed ? recordingMs : provenMs);
  }

  function wrote(tookMs: number): void {
    if (now() - last > lapsesMs || tookMs > stalledMs) since = now();
    last = now();
    if (isOver()) hasFailed = false;
  }

  return {
    failed() {
      last = Number.NEGATIVE_INFINITY;
      hasFailed = true;
    },
    locked(tookMs) {
      if (tookMs > stalledMs) since = now();
    },
    async prove(touchOne) {
      const askedAt = now();
      isWanted = await touchOne();
      if (isWanted) wrote(now() - askedAt);
      return isWanted && isOver();
    },
    isOver,
    isProving: () => isWanted && !isOver(),
  };
}
