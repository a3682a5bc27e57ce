// Settings: read from the environment through a valibot schema that names every fault at once and stops the process.
import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { logLevels } from './log.ts';

type Environment = Record<string, string | undefined>;
type SettingsSchema = v.ObjectSchema<v.ObjectEntries, undefined>;

/**
 * Reads a function's settings. `NAME_FILE` may name a file that holds the value of `NAME` (Docker and Kubernetes secrets).
 * An empty value counts as not set. If there are faults, it names them all and ends the process with status 1.
 */
export function readSettings<const Schema extends SettingsSchema>(
  schema: Schema,
  env: Environment,
): v.InferOutput<Schema> {
  try {
    return parseSettings(schema, env);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

/** As `readSettings`, but throws a `SettingsError` whose message names every fault. */
export function parseSettings<const Schema extends SettingsSchema>(
  schema: Schema,
  env: Environment,
): v.InferOutput<Schema> {
  const faults: string[] = [];
  const values: Record<string, string> = {};
  for (const name of Object.keys(schema.entries)) {
    const file = env[`${name}_FILE`];
    try {
      const value = env[name] || (file && readFileSync(file, 'utf8').trim());
      if (value) values[name] = value;
    } catch {
      faults.push(`  ${name}_FILE: cannot read ${file}`);
    }
  }
  const result = v.safeParse(schema, values);
  if (result.success && faults.length === 0) return result.output;
  for (const issue of result.issues ?? []) {
    const name = v.getDotPath(issue) ?? '';
    const isSet = values[name.split('.')[0] ?? ''] !== undefined;
    if (faults.some((fault) => fault.startsWith(`  ${name}_FILE:`))) continue;
    // A schema may say more of what is not set.
    faults.push(`  ${name}: ${isSet || issue.received !== 'undefined' ? issue.message : 'is not set'}`);
  }
  throw new SettingsError(`These settings stop the start:\n${faults.join('\n')}`);
}

export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** A whole number between `minimum` and `maximum`; anything else is a fault, never a silent default. */
export function integer(minimum: number, maximum: number) {
  const message = `must be a whole number from ${minimum} to ${maximum}`;
  return v.pipe(
    v.string(),
    v.regex(/^\d{1,15}$/, message),
    v.transform(Number),
    v.minValue(minimum, message),
    v.maxValue(maximum, message),
  );
}

/** A number of seconds, fractions allowed. */
export function seconds(minimum: number, maximum: number) {
  const message = `must be a number of seconds from ${minimum} to ${maximum}`;
  return v.pipe(
    v.string(),
    v.regex(/^\d{1,9}(\.\d{1,3})?$/, message),
    v.transform(Number),
    v.minValue(minimum, message),
    v.maxValue(maximum, message),
  );
}

/** A URL with one of the given schemes, as text. Its value is never repeated in the fault: it may hold a password. */
export function url(...schemes: string[]) {
  return v.pipe(
    v.string(),
    v.check(
      (text) => URL.canParse(text) && schemes.includes(new URL(text).protocol.slice(0, -1)),
      `must be a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`,
    ),
  );
}

/** Settings that every function has. */
export const commonSettings = {
  /** Port to listen on. */
  PORT: v.optional(integer(0, 65_535), '8080'),
  /** Port that the host of Azure Functions calls a custom handler on; set by that host, and then in place of `PORT`. */
  FUNCTIONS_CUSTOMHANDLER_PORT: v.optional(integer(1, 65_535)),
  /** Address to listen on. */
  HOST: v.optional(v.string(), '0.0.0.0'),
  /** Bytes that requests and answers may take together; a share of the memory limit where it is not set. */
  BODY_MEMORY_BYTES: v.optional(integer(10_000_000, 1_000_000_000_000)),
  LOG_LEVEL: v.optional(v.picklist(logLevels, `must be one of ${logLevels.join(', ')}`), 'info'),
};
