import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { integer, parseSettings, seconds, url } from './settings.ts';

const Settings = v.object({
  DATABASE_URL: url('postgres'),
  PORT: v.optional(integer(0, 65_535), '8080'),
  WAIT_SECONDS: v.optional(seconds(0.1, 60), '30'),
});

describe('parseSettings', () => {
  it('reads values and defaults', () => {
    const env = { DATABASE_URL: 'postgres://a@db.test/x', WAIT_SECONDS: '0.5' };
    expect(parseSettings(Settings, env)).toEqual({
      DATABASE_URL: 'postgres://a@db.test/x',
      PORT: 8080,
      WAIT_SECONDS: 0.5,
    });
  });

  it('names every fault at once and repeats no value', () => {
    const env = { DATABASE_URL: 'mysql://user:hunter2@db.test', PORT: '80x', WAIT_SECONDS: '' };
    const parse = () => parseSettings(Settings, env);
    expect(parse).toThrow(/DATABASE_URL: must be a URL that begins with postgres:\/\//);
    expect(parse).toThrow(/PORT: must be a whole number from 0 to 65535/);
    expect(parse).not.toThrow(/hunter2/);
  });

  it('says of a value of which nothing could be made what it must be, not that it is not set', () => {
    const nothing = v.pipe(
      v.string(),
      v.transform((text: string): number | undefined => (text === 'good' ? 1 : undefined)),
      v.custom<number>((found: unknown) => found !== undefined, 'must be something'),
    );
    const list = v.pipe(
      v.string(),
      v.transform((text) => text.split(' ').map(Number)),
      v.array(v.pipe(v.number('must be a number'), v.minValue(1))),
    );
    const parse = () => parseSettings(v.object({ A: nothing, B: list, C: v.string() }), { A: 'x', B: '1 x' });
    expect(parse).toThrow(/A: must be something\n {2}B\.1: must be a number\n {2}C: is not set$/);
  });

  it.each(['-1', '1.5', ' 80', '0x50', '1e3', 'NaN', '70000'])('takes %j for no port', (PORT) => {
    expect(() => parseSettings(Settings, { DATABASE_URL: 'postgres://db.test', PORT })).toThrow(/PORT/);
  });

  it('reads NAME from the file that NAME_FILE names', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'env-')), 'database_url');
    writeFileSync(file, 'postgres://from-file.test/x\n');
    expect(parseSettings(Settings, { DATABASE_URL_FILE: file }).DATABASE_URL).toBe('postgres://from-file.test/x');
    expect(() => parseSettings(Settings, { DATABASE_URL_FILE: `${file}.gone` })).toThrow(
      /DATABASE_URL_FILE: cannot read/,
    );
  });

  it('says which setting is missing', () => {
    expect(() => parseSettings(Settings, {})).toThrow(/DATABASE_URL: is not set/);
  });
});
