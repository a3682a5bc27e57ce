// What an operator's command is, how its words are read, and how it is described.
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { url } from '../../lib/process/settings.ts';
import { openDatabase, type Sql } from '../../lib/store/database.ts';
import { databaseUrl } from '../../lib/store/settings.ts';

export interface Command {
  /** As in `client create`. */
  name: string;
  /** The words that the operator gives, in order, by the name they have in the help; one in brackets may be left out. */
  words: string[];
  /** Options by name; `value` stands for the value in the help, without one it is a flag. What is given several times comes with spaces between. */
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
  migrationsDirectory: string | undefined;
  /** Prints a line while a command is still at work. */
  say: (line: string) => void;
}

/** The operator's words make no sense; the answer is the usage of the command. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Something that the operator must know, in one line. */
export class AdminError extends Error {
  override readonly name = 'AdminError';
}

/**
 * Reads the words after a command's name, or throws a `UsageError`. Node's own parseArgs does it: commander would take as many lines,
 * and takes the next option for a value that was forgotten (`--secret --any-sender`).
 */
export function parseWords(command: Command, args: string[]): { words: string[]; options: Options } {
  const { words, options } = parsed(command, args);
  const missing = command.words[words.length];
  if (missing !== undefined && !missing.startsWith('[')) throw new UsageError(`${missing} is missing.`);
  const surplus = words[command.words.length];
  if (surplus !== undefined) throw new UsageError(`"${surplus}" is one word too many.`);
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

/** Opens the database that DATABASE_URL names for as long as `use` takes. */
export async function withDatabase<Result>(
  settings: AdminSettings,
  use: (sql: Sql) => Promise<Result>,
): Promise<Result> {
  const sql = openDatabase(requireDatabaseUrl(settings), {
    connections: 1,
    name: 'admin',
    // Serves whether there is one or not.
    pooler: 'transaction',
  });
  try {
    return await use(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

export function requireDatabaseUrl({ databaseUrl: given }: AdminSettings): string {
  if (!given) throw databaseUrlFault('is not set');
  const result = v.safeParse(databaseUrl, given);
  if (result.success) return result.output;
  // What is wrong with the URL as a whole is told by its form.
  const [issue] = result.issues;
  throw databaseUrlFault(
    issue.type === 'raw_check' ? `has a fault: ${issue.message}` : 'is no URL of a PostgreSQL database',
  );
}

function databaseUrlFault(fault: string): AdminError {
  return new AdminError(`DATABASE_URL ${fault}; it has the form postgres://user:password@host:5432/name`);
}

const AmqpUrl = url('amqp', 'amqps');

export function requireAmqpUrl({ amqpUrl }: AdminSettings): string {
  const fault = amqpUrl ? 'is no URL of a broker' : 'is not set';
  if (v.is(AmqpUrl, amqpUrl)) return amqpUrl;
  throw new AdminError(`AMQP_URL ${fault}; it has the form amqp://user:password@host:5672`);
}
