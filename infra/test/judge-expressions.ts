// `npm run judge:expressions`: judges each regular expression of the code by recheck, and keeps those that are safe in judged-expressions.json.
// A verdict follows from the expression alone, and can take a minute to find: so the tests compare with the list, and CI judges all anew
// (`-- --all`).
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AttackPattern } from 'recheck';
import { bounds } from '../../lib/mail/reports/bounds.ts';
import { readCharacters } from '../../lib/mail/smtp-reply.ts';
import { maxDate } from '../../lib/mail/templates/read-date.ts';
import { routes } from '../gateway/routes.ts';
import { type Found, regularExpressions } from './regular-expressions.ts';

/** Expressions made of parts, by their file: a new expression must be a literal, or be listed here. */
export const madeOf: Record<string, string[]> = {
  'infra/admin/dkim-record.ts': ['.{1,255}'],
  'infra/gateway/caddyfile.ts': ['begin|end'],
  'infra/gateway/routes.ts': routes.map(({ path }) => `^${path.replaceAll('{id}', '[^/]+')}$`),
};

/**
 * Files whose texts have so few characters that time may grow with their square; it is measured. Those of replies look for words with
 * others between them in what relays say.
 */
export const shortTexts: Record<string, number> = {
  'lib/mail/read-refusal.ts': readCharacters,
  'lib/mail/reports/diagnosis.ts': 1_000,
  'lib/mail/reports/notice-rules.ts': bounds.lineCharacters,
  'lib/mail/reply-rules.ts': readCharacters,
  'lib/mail/smtp-reply.ts': readCharacters,
  'lib/mail/templates/read-date.ts': maxDate,
};

const list = fileURLToPath(new URL('judged-expressions.json', import.meta.url));

/** As they stand in the list: `/source/flags`. */
export function expressionsToJudge(): string[] {
  const told = Object.values(madeOf).flatMap((all) => all.map((source) => nameOf({ source, flags: '' })));
  const literals = regularExpressions().literals.filter(({ file }) => !(file in shortTexts));
  return [...new Set([...literals.map(nameOf), ...told])].sort();
}

export function judgedSafe(): string[] {
  return JSON.parse(readFileSync(list, 'utf8'));
}

/**
 * What recheck says, in its build without a JVM: `safe`, `vulnerable`, or `unknown` where it does not know. Where it looks for attacks by
 * chance, chance begins with the same seed, and no clock ends it: the same expression has the same verdict on every machine.
 */
export async function judge(expression: string): Promise<string> {
  process.env.RECHECK_BACKEND = 'pure';
  const { checkSync } = await import('recheck');
  const end = expression.lastIndexOf('/');
  const [source, flags] = [expression.slice(1, end), expression.slice(end + 1)];
  const verdict = checkSync(source, flags, { timeout: null, randomSeed: 1 });
  if (verdict.status !== 'vulnerable') return verdict.status;
  const isSquare = verdict.complexity.type === 'polynomial' && verdict.complexity.degree === 2;
  return isSquare && !succeeds(new RegExp(source, flags), verdict.attack) ? 'safe' : 'vulnerable';
}

/**
 * Whether an attack takes time as it says. Some of what recheck does is ended by clocks of its own, and on a busy machine it takes
 * expressions for vulnerable that are not. Of 30,000 characters, a square takes a second, and what is linear less than a millisecond.
 */
function succeeds(expression: RegExp, { pumps, suffix }: Pick<AttackPattern, 'pumps' | 'suffix'>): boolean {
  const each = 30_000 / pumps.length;
  const text = pumps.map(({ prefix, pump }) => prefix + pump.repeat(Math.ceil(each / pump.length))).join('') + suffix;
  const costs = [1, 2, 3].map(() => {
    const before = process.cpuUsage();
    expression.lastIndex = 0;
    expression.exec(text);
    return process.cpuUsage(before).user / 1_000;
  });
  return Math.min(...costs) > 100;
}

function nameOf({ source, flags }: Pick<Found, 'source' | 'flags'>): string {
  return `/${source}/${flags}`;
}

async function judgeAll(all: boolean): Promise<void> {
  const wanted = expressionsToJudge();
  const known = new Set(all ? [] : judgedSafe());
  const unsafe: string[] = [];
  for (const expression of wanted.filter((each) => !known.has(each))) {
    const verdict = await judge(expression);
    if (verdict !== 'safe') unsafe.push(`${verdict}: ${expression}`);
  }
  const safe = wanted.filter((expression) => !unsafe.some((line) => line.endsWith(`: ${expression}`)));
  const text = `${JSON.stringify(safe, null, 2)}\n`;
  const isStale = all && text !== readFileSync(list, 'utf8');
  if (!all) writeFileSync(list, text);
  for (const line of unsafe) console.error(line);
  if (isStale)
    console.error(
      'judged-expressions.json is not what recheck says: run `npm run judge:expressions`, and commit what it writes',
    );
  process.exitCode = unsafe.length > 0 || isStale ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await judgeAll(process.argv.includes('--all'));
