// Log lines: one JSON object a line on standard output. Never bodies, secrets or whole addresses at info level.

const levels = { debug: 10, info: 20, warn: 30, error: 40, silent: 50 } as const;

export type LogLevel = keyof typeof levels;
export const logLevels = Object.keys(levels) as LogLevel[];

export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** `name` is the function that logs; lines below `level` are dropped. */
export function createLog(name: string, level: LogLevel, write: (line: string) => void = writeTogether): Log {
  const at = (lineLevel: Exclude<LogLevel, 'silent'>) => {
    if (levels[lineLevel] < levels[level]) return () => {};
    return (message: string, fields: Record<string, unknown> = {}) =>
      write(`${toJson({ time: new Date().toISOString(), level: lineLevel, function: name, message, ...fields })}\n`);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

let waiting = '';

/** Lines of one turn of the event loop share a write: each write to a pipe is a system call that blocks the process. */
function writeTogether(line: string): void {
  if (waiting === '') setImmediate(writeWaiting);
  waiting += line;
}

function writeWaiting(): void {
  const lines = waiting;
  waiting = '';
  if (lines !== '') process.stdout.write(lines);
}
// The last lines matter most, so they are written also after a crash and before `process.exit`.
process.once('exit', writeWaiting);

/** Looks for errors only in lines with an object: most have plain values, and the search costs several times as much. */
function toJson(line: Record<string, unknown>): string {
  const isPlain = Object.values(line).every((value) => typeof value !== 'object');
  return isPlain ? JSON.stringify(line) : JSON.stringify(line, errorsAsObjects);
}

function errorsAsObjects(_key: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  const code = 'code' in value ? value.code : undefined;
  return { name, message, code, stack, cause };
}
