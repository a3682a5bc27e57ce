// The memory that requests and answers may take: budgets for those that arrive, those that are worked on, and the many small ones.
import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { type ByteBudget, type Claim, createByteBudget } from './byte-budget.ts';

export interface RequestMemory {
  /** All of a small request, so that it never waits behind large ones. */
  small: ByteBudget;
  /** The bytes of large bodies, from the first one until they are answered. */
  arriving: ByteBudget;
  /** What is made of a large body, and answers until they are read. Nobody who holds a part of it waits for one of the others. */
  working: ByteBudget;
}

/** Bodies and answers up to here are small. */
export const mostSmallBytes = 65_536;
/** Bytes that a request costs for each of its body, the body among them: its text, what is parsed, what goes to the database. */
export const costPerByte = 4;

/** Of the memory that the process may have. */
const share = 0.4;

/** `bytes` is for all of it; undefined: a share of the limit of the container, or of the machine. */
export function createRequestMemory(bytes = usualBytes()): RequestMemory {
  return {
    small: createByteBudget({ bytes: bytes / 8 }),
    arriving: createByteBudget({ bytes: (bytes * 3) / 8 }),
    working: createByteBudget({ bytes: bytes / 2 }),
  };
}

/** Strings are on the heap, whose limit may be lower than that of the memory. */
function usualBytes(): number {
  // Where there is no limit it is 0, or more than there is.
  const limit = Math.min(process.constrainedMemory() || Number.POSITIVE_INFINITY, totalmem());
  return Math.min(limit * share, getHeapStatistics().heap_size_limit);
}

/** What one request holds, from its first byte until its answer is on its way. */
export interface Hold {
  /** For a body of `length` bytes, undefined where that is not said. */
  forBody(length: number | undefined): Claim;
  /** Waits until a body that has arrived may be worked on. */
  forWork(bodyLength: number): Promise<void> | undefined;
  /** Waits until there is room for an answer of so many bytes; that is before they are read from anywhere. */
  forAnswer(bytes: number): Promise<void> | undefined;
  /** What waits to be read by the client, now that all else is done. */
  keepAnswer(bytes: number): void;
  release(): void;
}

export function createHold({ small, arriving, working }: RequestMemory, holder: string): Hold {
  let body: Claim | undefined;
  let work: Claim | undefined;
  const workClaim = () => {
    work ??= working.claim(holder);
    return work;
  };
  return {
    forBody(length = Number.POSITIVE_INFINITY) {
      body = (length <= mostSmallBytes ? small : arriving).claim(holder);
      return body;
    },
    forWork: (bodyLength) =>
      bodyLength <= mostSmallBytes ? undefined : workClaim().resize(bodyLength * (costPerByte - 1)),
    forAnswer: (bytes) => (bytes <= mostSmallBytes ? undefined : workClaim().resize(bytes * costPerByte)),
    keepAnswer(bytes) {
      body?.release();
      workClaim().set(bytes);
    },
    release() {
      body?.release();
      work?.release();
    },
  };
}
