// Decides which ended leases may be taken. Their workers may be alive, and unable to record while the database is away or refuses to write.
import { performance } from 'node:perf_hooks';
import { recordingMs } from '../../lib/store/emails/due.ts';

export interface Recovery {
  /** A round failed because of the database. */
  failed(): void;
  /** A statement that locks has succeeded, within `tookMs`. */
  locked(tookMs: number): void;
  /**
   * Proves that the database takes writes: `touchOne` writes to one row whose lease has ended, and resolves with whether there is one.
   * Resolves as `endedForMs`.
   */
  prove(touchOne: () => Promise<boolean>): Promise<number | undefined>;
  /** Leases that ended so long ago or longer may be taken from their workers, who have been able to record since; undefined: none. */
  endedForMs(): number | undefined;
  /** Leases have ended, and may be taken as soon as more is known. */
  isProving(): boolean;
}

/** A statement that took longer than this has waited for a lock on the table, and so have the workers. */
const stalledMs = 1_500;
/** After a write that succeeds, workers have this long: those that cannot record try again each second (lib/store/database.ts). */
const provenMs = 1_500;
/** After so long without a write of ours, nobody knows whether the database refused writes meanwhile. */
const lapsesMs = recordingMs + provenMs;

/** Pause between two rounds while that is being proven. */
export const provingPauseMs = 250;

interface Proof {
  askedAt: number;
  at: number;
}

export function createRecovery(now = () => performance.now()): Recovery {
  /** Writes that succeeded, in order. A process that has just started has seen none. */
  let proofs: Proof[] = [];
  let hasFailed = false;
  let isWanted = false;

  function endedForMs(): number | undefined {
    // After an outage, workers have to connect again.
    const enoughMs = hasFailed ? recordingMs : provenMs;
    const proof = proofs.findLast(({ at }) => now() - at >= enoughMs);
    return proof && now() - proof.askedAt;
  }

  function wrote(proof: Proof): void {
    const last = proofs.at(-1);
    if (proof.at - proof.askedAt > stalledMs) proofs = [];
    // Not every one, lest there be many.
    else if (last && proof.at - last.askedAt < provingPauseMs / 2) return;
    proofs = [...proofs.filter(({ at }) => proof.at - at <= lapsesMs), proof];
  }

  return {
    failed() {
      proofs = [];
      hasFailed = true;
    },
    locked(tookMs) {
      if (tookMs > stalledMs) proofs = [];
    },
    async prove(touchOne) {
      const askedAt = now();
      isWanted = await touchOne();
      if (!isWanted) return undefined;
      wrote({ askedAt, at: now() });
      const ended = endedForMs();
      if (ended !== undefined) hasFailed = false;
      return ended;
    },
    endedForMs,
    isProving: () => isWanted && endedForMs() === undefined,
  };
}
