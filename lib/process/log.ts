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

/** `name` is the function that speaks; lines below `level` are dropped. */
export function createLog(name: string, level: LogLevel, write: (line: string) => void = writeTogether): Log {
  const at = (lineLevel: Exclude<LogLevel, 'silent'>) => {
    if (levels[lineLevel] < levels[level]) return () => {};
    return (message: string, fields: Record<string, unknown> = {}) =>
      write(`${toJson({ time: new Date().toISOString(), level: lineLevel, function: name, message, ...fields })}\n`);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

let waiting = '';

/** Lines of one turn of the event loop are one write: to a pipe each is a system call that holds up the process. */
function writeTogether(line: string): void {
  if (waiting === '') setImmediate(writeWaiting);
  waiting += line;
}

function writeWaiting(): void {
  const lines = waiting;
  waiting = '';
  if (lines !== '') process.stdout.write(lines);
}
// What was said last is what matters most: also after a crash, and before an exit of our own.
process.once('exit', writeWaiting);

/** Most lines are of plain values; to look for errors at every depth makes them cost several times as much. */
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
