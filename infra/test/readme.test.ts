// The README and the guides say what the code does: lines to paste, settings with their defaults, the operator's commands.
import { readdirSync, readFileSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { ConsoleSettings } from '../../functions/console/settings.ts';
import { ConsumeSettings } from '../../functions/consume/settings.ts';
import { DispatchSettings } from '../../functions/dispatch/settings.ts';
import { HistorySettings } from '../../functions/history/settings.ts';
import { IntakeSettings } from '../../functions/intake/settings.ts';
import { ManageSettings } from '../../functions/manage/settings.ts';
import { NotifySettings } from '../../functions/notify/settings.ts';
import { SendSettings } from '../../functions/send/settings.ts';
import { TokenSettings } from '../../functions/token/settings.ts';
import { parseWords } from '../admin/command.ts';
import { commands } from '../admin/run.ts';
import { instructions } from '../local/instructions.ts';
import { commandsInText, linesToPaste } from './paper-commands.ts';

const readme = readFileSync('README.md', 'utf8');
const guide = (name: string) => readFileSync(`infra/guides/${name}.md`, 'utf8');
const guides = readdirSync('infra/guides').filter((file) => file.endsWith('.md'));
const settings = {
  token: TokenSettings,
  send: SendSettings,
  consume: ConsumeSettings,
  dispatch: DispatchSettings,
  history: HistorySettings,
  manage: ManageSettings,
  notify: NotifySettings,
  intake: IntakeSettings,
  console: ConsoleSettings,
};

/** The cells of a guide's tables, a row a line whose first cell is code. */
function rowsOf(text: string): string[][] {
  const lines = text.split('\n').filter((line) => line.startsWith('| `'));
  return lines.map((line) =>
    line
      .split('|')
      .map((cell) => cell.trim())
      .slice(1, -1),
  );
}
const code = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text);

describe('README.md', () => {
  it('has 200 lines at most', () => {
    expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(200);
  });

  it.each(['README.md', 'infra/guides/getting-started.md'])('%s has the lines that npm start prints', (file) => {
    const lines = instructions({ api: 'http://localhost:8080', mailbox: 'http://localhost:1080' });
    expect(readFileSync(file, 'utf8')).toContain(lines);
  });

  it('leads to files that are there, to every guide, and to the other papers', () => {
    const links = [...readme.matchAll(/\]\(([^)]+)\)/g)].map(([, link = '']) => link);
    const expected = ['ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'];
    expect(links).toEqual(expect.arrayContaining(expected));
    for (const link of links) expect(() => readFileSync(link), link).not.toThrow();
    // This one is for contributors, and CONTRIBUTING.md leads to it.
    const users = guides.filter((file) => file !== 'add-a-column.md').map((file) => `infra/guides/${file}`);
    expect(links).toEqual(expect.arrayContaining(users));
  });
});

describe('the guide to settings', () => {
  const rows = new Map(
    rowsOf(guide('settings')).map(([name, functions, value]) => [code(name)[0], { functions, value }]),
  );
  const entries = Object.entries(settings).flatMap(([name, schema]) =>
    Object.entries<v.GenericSchema>(schema.entries).map(
      ([setting, entry]) => [setting, name, defaultOf(entry)] as const,
    ),
  );

  it.each(entries)('says whose %s is (%s), and its default', (setting, name, value) => {
    const row = rows.get(setting);
    expect(functionsIn(row?.functions)).toContain(name);
    expect(row?.value).toBe(value === '' ? '—' : `\`${value}\``);
  });

  it('knows the settings of every function', () => {
    expect(Object.keys(settings).toSorted()).toEqual(readdirSync('functions').toSorted());
  });

  it('names no setting and no function that is not there', () => {
    const known = entries.map(([setting, name]) => `${setting} of ${name}`);
    const told = [...rows].flatMap(([setting = '', { functions }]) =>
      functionsIn(functions).map((name) => `${setting} of ${name}`),
    );
    expect(told.filter((one) => !known.includes(one))).toEqual([]);
  });

  /** As in `all`, `all but console` or `send, dispatch`. */
  function functionsIn(text = ''): string[] {
    if (!text.startsWith('all')) return text.split(', ');
    return Object.keys(settings).filter(
      (name) =>
        !text
          .replace(/^all( but )?/, '')
          .split(', ')
          .includes(name),
    );
  }

  /** The text that stands for a setting that is not set; empty where nothing does. */
  function defaultOf(schema: v.GenericSchema): unknown {
    if ('pipe' in schema) return defaultOf((schema.pipe as [v.GenericSchema])[0]);
    return v.getDefault(schema) ?? '';
  }
});

describe('the guide to operating', () => {
  it('lists every command of the operator, and none that is not there', () => {
    const told = rowsOf(guide('operating'))
      .flatMap(([cell]) => code(cell))
      .filter((name = '') => !name.includes('_'));
    expect(told.toSorted()).toEqual(commands.map(({ name }) => name).toSorted());
  });
});

describe('the commands of the operator that the papers show', () => {
  it('are found', () => {
    expect(linesToPaste().length).toBeGreaterThan(10);
    expect(commandsInText().length).toBeGreaterThan(10);
  });

  it.each([...linesToPaste(), ...commandsInText()])('$paper: $text', ({ text, args }) => {
    const command = commands.find(({ name }) => `${args.join(' ')} `.startsWith(`${name} `));
    if (command === undefined) throw new Error(`There is no command for ${text}`);
    expect(() => parseWords(command, args.slice(command.name.split(' ').length))).not.toThrow();
  });
});
