// What an operator's command is, how its arguments are parsed, and how its usage is printed.
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { url } from '../../lib/process/settings.ts';
import { openDatabase, type Sql } from '../../lib/store/database.ts';
import { databaseUrl } from '../../lib/store/settings.ts';

export interface Command {
  /** As in `client create`. */
  name: string;
  /** Arguments in order, by their names in the help; one in brackets is optional, and the last may stand for several (`…`). */
  words: string[];
  /** Options by name. `value` names the value in the help; an option without it is a flag. Repeated values are joined with spaces. */
  options: Record<string, { value?: string; required?: boolean; several?: boolean }>;
  /** One line on what it does. */
  about: string;
  /** Returns what is printed. */
  run: (words: string[], options: Options, settings: AdminSettings) => Promise<string>;
}

export type Options = Record<string, string | undefined>;

export interface AdminSettings {
  databaseUrl: string | undefined;
  amqpUrl: string | undefined;
  /** Told where one of them is needed and not set: why `npm run admin` found none. */
  whyNoUrl?: string | undefined;
  migrationsDirectory: string | undefined;
  /** What new API keys begin with; `re_` where it is not said. */
  apiKeyPrefix?: string;
  /** Prints a line while a command is still at work. */
  say: (line: string) => void;
}

/** The arguments are wrong; the command's usage is printed. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A failure that the operator can understand, in one line. */
export class AdminError extends Error {
  override readonly name = 'AdminError';
}

/** Some of what was asked for could be done: that is printed, and then what could not. */
export class PartialFailure extends Error {
  override readonly name = 'PartialFailure';
  readonly output: string;

  constructor(output: string, complaint: string) {
    super(complaint);
    this.output = output;
  }
}

/**
 * Parses the arguments after a command's name, or throws a `UsageError`. Uses Node's parseArgs: commander needs as many lines, and
 * takes the next option for a forgotten value (`--secret --any-sender`).
 */
export function parseWords(command: Command, args: string[]): { words: string[]; options: Options } {
  const { words, options } = parsed(command, args);
  const missing = command.words[words.length];
  if (missing !== undefined && !missing.startsWith('[')) throw new UsageError(`${missing} is missing.`);
  const surplus = words[command.words.length];
  if (surplus !== undefined && command.words.at(-1)?.includes('…') !== true)
    throw new UsageError(`"${surplus}" is one word too many.`);
  for (const [name, { required }] of Object.entries(command.options)) {
    if (required && options[name] === undefined) throw new UsageError(`--${name} is missing.`);
  }
  return { words, options };
}

function parsed(command: Command, args: string[]): { words: string[]; options: Options } {
  const options = Object.fromEntries(
    Object.entries(command.options).map(([name, { value, several = false }]) => [
      name,
      { type: value === undefined ? ('boolean' as const) : ('string' as const), multiple: several },
    ]),
  );
  try {
    const { positionals, values } = parseArgs({ args, options, allowPositionals: true });
    const asText = Object.entries(values).map(([name, value]) => [name, [value].flat().join(' ')]);
    return { words: positionals, options: Object.fromEntries(asText) };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** As in `client create NAME [--scope 'basic email'] [--secret SECRET]`. */
export function usageOf({ name, words, options }: Command): string {
  const optionTexts = Object.entries(options).map(([option, { value, required, several }]) => {
    const text = value === undefined ? `--${option}` : `--${option} ${value}`;
    return `${required ? text : `[${text}]`}${several ? '…' : ''}`;
  });
  return [name, ...words, ...optionTexts].join(' ');
}

/** Opens the database of DATABASE_URL while `use` runs. */
export async function withDatabase<Result>(
  settings: AdminSettings,
  use: (sql: Sql) => Promise<Result>,
): Promise<Result> {
  const sql = openDatabase(requireDatabaseUrl(settings), {
    connections: 1,
    name: 'admin',
    // Works with and without a pooler.
    pooler: 'transaction',
  });
  try {
    return await use(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

export function requireDatabaseUrl({ databaseUrl: given, whyNoUrl }: AdminSettings): string {
  if (!given) throw databaseUrlFault(notSet(whyNoUrl));
  const result = v.safeParse(databaseUrl, given);
  if (result.success) return result.output;
  // What is wrong with the URL as a whole is told by its form.
  const [issue] = result.issues;
  throw databaseUrlFault(
    issue.type === 'raw_check' ? `has a fault: ${issue.message}` : 'is no URL of a PostgreSQL database',
  );
}

const notSet = (why: string | undefined) => `is not set${why ? `, and ${why}` : ''}`;

function databaseUrlFault(fault: string): AdminError {
  return new AdminError(`DATABASE_URL ${fault}; it has the form postgres://user:password@host:5432/name`);
}

const AmqpUrl = url('amqp', 'amqps');

export function requireAmqpUrl({ amqpUrl, whyNoUrl }: AdminSettings): string {
  const fault = amqpUrl ? 'is no URL of a broker' : notSet(whyNoUrl);
  if (v.is(AmqpUrl, amqpUrl)) return amqpUrl;
  throw new AdminError(`AMQP_URL ${fault}; it has the form amqp://user:password@host:5672`);
}
