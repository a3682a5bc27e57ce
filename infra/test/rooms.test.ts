// The linter keeps the rooms apart: each of these deliberate violations is caught, and what is allowed is not.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** What each room of lib may import beside itself. */
const rooms: Record<string, string[]> = {
  process: [],
  store: ['process'],
  http: ['process', 'store'],
  auth: ['process', 'store', 'http'],
  mail: ['process', 'store', 'http'],
  queue: ['process', 'store', 'http'],
};
const names = Object.keys(rooms);
const functions = readdirSync('functions');

interface Case {
  file: string;
  imports: string;
  caught: boolean;
}
const caught = (file: string, imports: string): Case => ({ file, imports, caught: true });
const allowed = (file: string, imports: string): Case => ({ file, imports, caught: false });

const betweenRooms = names.flatMap((room) =>
  names
    .filter((other) => other !== room)
    .flatMap((other, index) => {
      const expected = rooms[room]?.includes(other) ? allowed : caught;
      return [
        expected(`lib/${room}/near-${index}.ts`, `../${other}/some.ts`),
        expected(`lib/${room}/things/far-${index}.ts`, `../../${other}/things/some.ts`),
      ];
    }),
);
const betweenFunctions = functions.flatMap((name) =>
  functions
    .filter((other) => other !== name)
    .map((other) => caught(`functions/${name}/of-${other}.ts`, `../${other}/settings.ts`)),
);
const outwards = [
  ...names.flatMap((room) => [
    caught(`lib/${room}/function.ts`, '../../functions/send/settings.ts'),
    caught(`lib/${room}/infra.ts`, '../../infra/local/ports.ts'),
  ]),
  ...functions.map((name) => caught(`functions/${name}/infra.ts`, '../../infra/local/ports.ts')),
  ...functions.map((name) => allowed(`functions/${name}/lib.ts`, '../../lib/store/database.ts')),
];
/** Each driver, and the one place that imports it. */
const drivers: [driver: string, place: string, isPlace: (file: string) => boolean][] = [
  ['postgres', 'lib/store/database.ts', (file) => file === 'lib/store/database.ts'],
  ['amqplib', 'lib/queue/topology.ts', (file) => file.startsWith('lib/queue/')],
  ['nodemailer', 'functions/consume/smtp.ts', (file) => file === 'functions/consume/smtp.ts'],
  ['nodemailer/lib/mail-composer', 'lib/mail/message.ts', (file) => file.startsWith('lib/mail/')],
  ['nodemailer/lib/smtp-connection', 'functions/consume/smtp.ts', (file) => file === 'functions/consume/smtp.ts'],
];
const ofDrivers = drivers.flatMap(([driver, place, isPlace], index) => [
  allowed(place, driver),
  ...[...names.map((room) => `lib/${room}`), ...functions.map((name) => `functions/${name}`)]
    .map((folder) => `${folder}/driver-${index}.ts`)
    .filter((file) => !isPlace(file))
    .map((file) => caught(file, driver)),
]);
/** The file that may import a driver is not free of the other rules. */
const formerHole = ['../http/errors.ts', '../mail/address.ts', '../../functions/send/settings.ts', 'amqplib'].map(
  (imports) => caught('lib/store/database.ts', imports),
);
const cases = [...betweenRooms, ...betweenFunctions, ...outwards, ...ofDrivers, ...formerHole];

/** What the linter said, as `rule file`. */
let complaints: { rule: string; file: string; line: number }[];
const folder = mkdtempSync(join(tmpdir(), 'rooms-'));
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(() => {
  for (const name of ['.biome.json', '.gitignore']) copyFileSync(name, join(folder, name));
  // A file has a line for each of its cases, in their order.
  for (const file of new Set(cases.map((one) => one.file))) write(file, importsOf(file));
  write('lib/process/circle-a.ts', ["export { b } from './circle-b.ts';", 'export const a = 1;']);
  write('lib/process/circle-b.ts', ["import type { a } from './circle-a.ts';", 'export const b: typeof a = 1;']);
  write('lib/process/no-circle.ts', ["export { a } from './circle-free.ts';"]);
  write('lib/process/circle-free.ts', ['export const a = 1;']);
  const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');
  const { stdout } = spawnSync(process.execPath, [biome, 'lint', '--reporter=json', '--max-diagnostics=none', '.'], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 100_000_000,
  });
  complaints = JSON.parse(stdout).diagnostics.map(
    ({ category, location }: { category: string; location: { path: string; start: { line: number } } }) => ({
      rule: category.split('/').at(-1),
      file: location.path,
      line: location.start?.line,
    }),
  );
});

function importsOf(file: string): string[] {
  return cases
    .filter((one) => one.file === file)
    .map(({ imports }, index) => `export { x${index} } from '${imports}';`);
}

function write(file: string, lines: string[]): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), `${lines.join('\n')}\n`);
}

const isCaught = ({ file, imports }: Case) => {
  const line = importsOf(file).findIndex((text) => text.endsWith(`'${imports}';`)) + 1;
  return complaints.some((one) => one.rule === 'noRestrictedImports' && one.file === file && one.line === line);
};

describe('the linter', () => {
  it.each([
    ['imports between rooms', betweenRooms],
    ['one function that imports another', betweenFunctions],
    ['imports of functions and of infra', outwards],
    ['drivers outside their places', ofDrivers],
    ['what lib/store/database.ts may not import, though it may import postgres', formerHole],
  ])('catches %s, and nothing else', (_what, some) => {
    expect(some.filter((one) => isCaught(one) !== one.caught)).toEqual([]);
  });

  it('catches an import circle, also one of types', () => {
    const circles = complaints.filter(({ rule }) => rule === 'noImportCycles').map(({ file }) => file);
    expect(new Set(circles)).toEqual(new Set(['lib/process/circle-a.ts', 'lib/process/circle-b.ts']));
  });

  it('knows every room and every function', () => {
    expect(readdirSync('lib').sort()).toEqual([...names].sort());
    expect(betweenFunctions).toHaveLength(functions.length * (functions.length - 1));
  });
});
