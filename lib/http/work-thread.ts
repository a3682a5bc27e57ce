// The other end of `createWork`: a thread that does pieces of work one after another.
import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { ApiError, type ErrorCode, type Fault } from './errors.ts';

export interface Task {
  name: string;
  input: unknown;
}

export type Outcome = { output: unknown } | { error: SentError };

/** An error between threads; with a code, it is one that callers may see. */
export interface SentError {
  code?: ErrorCode;
  message: string;
  errors?: Fault[] | undefined;
}

/** What threads wait for the processor behind: on Linux, a priority is that of the one thread. */
const priority = 5;

/** The output of a task whose large bytes are handed over, not copied. */
class Handed {
  readonly output: unknown;
  readonly bytes: readonly Uint8Array[];

  constructor(output: unknown, bytes: readonly Uint8Array[]) {
    this.output = output;
    this.bytes = bytes;
  }
}

/** For a task to return: `bytes` are parts of `output` that have memory of their own, and are of no use to the thread any more. */
export function withoutCopies<Output>(output: Output, bytes: readonly Uint8Array[]): Output {
  return new Handed(output, bytes) as Output;
}

// biome-ignore lint/suspicious/noExplicitAny: each task knows its own input
export function serveWork(tasks: Record<string, (input: any) => unknown>): void {
  try {
    setPriority(priority);
  } catch {
    // Some systems allow it to nobody.
  }
  parentPort?.on('message', async ({ name, input }: Task) => {
    let outcome: Outcome;
    let bytes: readonly Uint8Array[] = [];
    try {
      const output = await tasks[name]?.(input);
      outcome = { output: output instanceof Handed ? output.output : output };
      if (output instanceof Handed) bytes = output.bytes;
    } catch (error) {
      outcome = { error: toSent(error) };
    }
    parentPort?.postMessage(
      outcome,
      bytes.map(({ buffer }) => buffer as ArrayBuffer),
    );
  });
  parentPort?.postMessage('ready');
}

export function toSent(error: unknown): SentError {
  if (error instanceof ApiError) return { code: error.code, message: error.message, errors: error.errors };
  return { message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

export function toError({ code, message, errors }: SentError): Error {
  return code === undefined ? new Error(message) : new ApiError(code, message, errors ? { errors } : {});
}
