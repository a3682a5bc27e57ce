// The README says what the code does: its lines to paste are those that `npm start` prints, its table names every setting.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ConsoleSettings } from '../../functions/console/settings.ts';
import { ConsumeSettings } from '../../functions/consume/settings.ts';
import { DispatchSettings } from '../../functions/dispatch/settings.ts';
import { HistorySettings } from '../../functions/history/settings.ts';
import { ManageSettings } from '../../functions/manage/settings.ts';
import { NotifySettings } from '../../functions/notify/settings.ts';
import { SendSettings } from '../../functions/send/settings.ts';
import { TokenSettings } from '../../functions/token/settings.ts';
import { instructions } from '../local/instructions.ts';

const readme = readFileSync('README.md', 'utf8');
const settings = {
  token: TokenSettings,
  send: SendSettings,
  consume: ConsumeSettings,
  dispatch: DispatchSettings,
  history: HistorySettings,
  manage: ManageSettings,
  notify: NotifySettings,
  console: ConsoleSettings,
};
const rows = readme.split('\n').filter((line) => line.startsWith('| `'));

describe('README.md', () => {
  it('has the lines that npm start prints', () => {
    expect(readme).toContain(instructions({ api: 'http://localhost:8080', mailbox: 'http://localhost:1080' }));
  });

  const named = Object.entries(settings).flatMap(([name, { entries }]) =>
    Object.keys(entries).map((setting) => [setting, name]),
  );
  it.each(named)('says what %s of %s is', (setting = '', name = '') => {
    const row = rows.find((line) => line.includes(`\`${setting}\``));
    expect(row?.split('|')[2]).toMatch(new RegExp(`all|${name}`));
  });

  it('names no setting that there is not', () => {
    const table = rows.flatMap((line) =>
      [...(line.split('|')[1] ?? '').matchAll(/`([A-Z_]+)`/g)].map(([, setting]) => setting),
    );
    const known = new Set(named.map(([setting]) => setting));
    expect(table.filter((setting) => !known.has(setting))).toEqual([]);
  });
});
