// Work that takes long, in threads of its own: under a hard limit of time and memory, shared out by client.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { ApiError } from './errors.ts';
import { type Outcome, type Task, toError } from './work-thread.ts';

export interface WorkOptions {
  /** The client for whom it is done. */
  holder: string;
  /** Its buffers are given away: to be used no more. */
  transfer?: readonly ArrayBuffer[];
  /** How long it may take: then its thread is ended, whatever it is doing. */
  limitMs?: number;
}

/** Runs the task of this name of the thread's program. Throws what the task throws, or `WorkTooLong`. */
export type Work = <Output>(name: string, input: unknown, options: WorkOptions) => Promise<Output>;

export class WorkTooLong extends Error {
  override readonly name = 'WorkTooLong';
}

export interface ThreadOptions {
  /** The thread's program: a file that calls `serveWork`. */
  program: URL;
  threads?: number;
  /** How long a piece of work may wait for a thread. */
  waitMs?: number;
  /** Of each thread's heap: a piece of work that needs more is ended. */
  heapMegabytes?: number;
}

interface Job {
  holder: string;
  task: Task;
  transfer: readonly ArrayBuffer[];
  limitMs: number;
  waitTimer?: NodeJS.Timeout;
  resolve(output: unknown): void;
  reject(error: Error): void;
}

interface Thread {
  worker: Worker;
  isReady: boolean;
  job: Job | undefined;
  startedAt: number;
  limit?: NodeJS.Timeout;
}

const usualLimitMs = 5_000;
const usualHeapMegabytes = 256;
/** What a client has used is forgotten bit by bit: halved each time. */
const forgetEveryMs = 2_000;
/** Each waiting piece may hold a large body. */
const mostWaitingOfOne = 100;

/**
 * No thread before the first piece of work. A client has half of the threads at once; of those that wait, it is the turn of the
 * client for whom least was done lately, refused or not.
 */
export function createWork({
  program,
  threads: most = Math.max(2, Math.min(4, availableParallelism())),
  waitMs = 10_000,
  heapMegabytes = usualHeapMegabytes,
}: ThreadOptions): Work {
  const threads: Thread[] = [];
  const waiting: Job[] = [];
  const spentMs = new Map<string, number>();
  let forgottenAt = 0;

  const runningOf = (holder: string) => threads.filter(({ job }) => job?.holder === holder).length;

  function forget(): void {
    const now = performance.now();
    if (now - forgottenAt < forgetEveryMs) return;
    forgottenAt = now;
    for (const [holder, spent] of spentMs) {
      if (spent < 1) spentMs.delete(holder);
      else spentMs.set(holder, spent / 2);
    }
  }

  function startThread(): Thread {
    const worker = new Worker(program, { resourceLimits: { maxOldGenerationSizeMb: heapMegabytes } });
    const thread: Thread = { worker, isReady: false, job: undefined, startedAt: 0 };
    // The process ends without it.
    worker.unref();
    worker.on('message', (outcome: Outcome | 'ready') => {
      if (outcome === 'ready') {
        thread.isReady = true;
        if (thread.job) begin(thread, thread.job);
      } else finish(thread, outcome);
    });
    worker.on('error', (error) => drop(thread, error));
    worker.on('exit', () => drop(thread, new Error('The thread ended')));
    threads.push(thread);
    return thread;
  }

  /** Its time begins when the thread has loaded its program. */
  function begin(thread: Thread, { task, transfer, limitMs }: Job): void {
    thread.startedAt = performance.now();
    thread.limit = setTimeout(() => {
      drop(thread, new WorkTooLong('It takes too long'));
      thread.worker.terminate();
    }, limitMs);
    thread.worker.postMessage(task, [...transfer]);
  }

  function finish(thread: Thread, outcome: Outcome): void {
    const job = endJob(thread);
    if ('output' in outcome) job?.resolve(outcome.output);
    else job?.reject(toError(outcome.error));
    giveOut();
  }

  function endJob(thread: Thread): Job | undefined {
    const { job } = thread;
    clearTimeout(thread.limit);
    thread.job = undefined;
    if (job) spentMs.set(job.holder, (spentMs.get(job.holder) ?? 0) + performance.now() - thread.startedAt);
    return job;
  }

  function drop(thread: Thread, error: Error): void {
    const index = threads.indexOf(thread);
    if (index < 0) return;
    threads.splice(index, 1);
    endJob(thread)?.reject(isOutOfMemory(error) ? new WorkTooLong('It takes too much memory') : error);
    giveOut();
  }

  function giveOut(): void {
    forget();
    for (;;) {
      const share = Math.ceil(most / 2);
      const [next] = waiting
        .filter(({ holder }) => runningOf(holder) < share)
        .sort((one, other) => (spentMs.get(one.holder) ?? 0) - (spentMs.get(other.holder) ?? 0));
      const thread = next && (threads.find(({ job }) => job === undefined) ?? (threads.length < most && startThread()));
      if (!next || !thread) return;
      waiting.splice(waiting.indexOf(next), 1);
      clearTimeout(next.waitTimer);
      thread.job = next;
      if (thread.isReady) begin(thread, next);
    }
  }

  return <Output>(name: string, input: unknown, { holder, transfer = [], limitMs = usualLimitMs }: WorkOptions) =>
    new Promise<Output>((resolve, reject) => {
      if (waiting.filter((job) => job.holder === holder).length >= mostWaitingOfOne) throw tooMuchWork();
      const job: Job = {
        holder,
        task: { name, input },
        transfer,
        limitMs,
        resolve: (output) => resolve(output as Output),
        reject,
      };
      job.waitTimer = setTimeout(() => {
        waiting.splice(waiting.indexOf(job), 1);
        reject(tooMuchWork());
      }, waitMs);
      waiting.push(job);
      giveOut();
    });
}

function isOutOfMemory(error: NodeJS.ErrnoException): boolean {
  return error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}

function tooMuchWork(): ApiError {
  return new ApiError(
    'rate_limit_exceeded',
    'You ask for much work at once: large bodies, templates. Try again in 2 s.',
    {
      headers: { 'retry-after': '2' },
    },
  );
}
