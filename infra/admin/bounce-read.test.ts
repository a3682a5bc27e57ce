// `admin bounce read`: one JSON a line, without a database, and what it says of files that it cannot read.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runAdmin } from './run.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'bounces-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const run = (...files: string[]) =>
  runAdmin(['bounce', 'read', ...files], {
    databaseUrl: undefined,
    amqpUrl: undefined,
    migrationsDirectory: undefined,
    say: () => {},
  });

function file(name: string, content: string | Buffer): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

const bounce = `From: MAILER-DAEMON@example.com
Subject: failure notice

Hi. This is the qmail-send program at example.com.

<a@example.test>:
Sorry, no mailbox here by that name. (#5.1.1)
`;
const vacation = 'From: a@example.test\nAuto-Submitted: auto-replied\nSubject: Re: Hello\n\nI am away.\n';

it('prints a line for each file, in their order', async () => {
  const files = [
    file('bounce', bounce),
    file('vacation', vacation),
    file('empty', ''),
    file('image', Buffer.alloc(5_000, 255)),
  ];
  const { exitCode, output = '', complaint } = await run(...files);
  expect({ exitCode, complaint }).toEqual({ exitCode: 0, complaint: undefined });
  expect(output.split('\n').map((line) => JSON.parse(line))).toEqual([
    {
      file: files[0],
      kind: 'bounce',
      recipients: [
        { recipient: 'a@example.test', enhanced_code: '5.1.1', code: null, hard: true, category: 'address' },
      ],
    },
    { file: files[1], kind: 'auto_reply', recipients: [] },
    { file: files[2], kind: 'unreadable', recipients: [] },
    { file: files[3], kind: 'unreadable', recipients: [] },
  ]);
});

it('goes on after a file that it cannot read, says which, and fails', async () => {
  const missing = join(directory, 'missing');
  const { exitCode, output = '', complaint = '' } = await run(missing, file('bounce', bounce), directory);
  expect(exitCode).toBe(1);
  expect(output.split('\n')).toHaveLength(1);
  expect(JSON.parse(output)).toMatchObject({ kind: 'bounce' });
  expect(complaint).toBe(`${missing} cannot be read: there is no such file.\n${directory} cannot be read: EISDIR.`);
});

it('prints nothing but the complaint where no file can be read', async () => {
  expect(await run(join(directory, 'missing'))).toMatchObject({ exitCode: 1 });
  expect((await run(join(directory, 'missing'))).output).toBeUndefined();
});

it('wants a file at least', async () => {
  expect(await run()).toMatchObject({ exitCode: 2, complaint: expect.stringContaining('FILE is missing.') });
});
