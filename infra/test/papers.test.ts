// The papers lead somewhere: every file, guide and npm command that they name is there, and so is every trigger.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
const schema = readFileSync('infra/migrations/schema.sql', 'utf8');
const textOf = (paper: string) => readFileSync(paper, 'utf8');

describe.each(['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md'])('%s', (paper) => {
  const text = textOf(paper);

  it('names only files and folders that are there', () => {
    const inCode = [...text.matchAll(/`((?:functions|lib|infra)\/[^`<>*{} ]+)`/g)].map(([, path = '']) => path);
    const linked = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map(([, path = '']) => path);
    expect([...inCode, ...linked].filter((path) => !existsSync(path))).toEqual([]);
  });

  it('names only npm commands that are there', () => {
    const named = [...text.matchAll(/npm run (?:-s )?([a-z:]+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

it('a guide has one title, a first paragraph, and links that lead to guides', () => {
  const guides = readdirSync('infra/guides').filter((file) => file.endsWith('.md'));
  for (const file of guides) {
    const text = textOf(`infra/guides/${file}`);
    expect(text, file).toMatch(/^# .+\n\n[A-Z`]/);
    const links = [...text.matchAll(/\]\(([^):/]+)\)/g)].map(([, link = '']) => link);
    expect(
      links.filter((link) => !guides.includes(link)),
      file,
    ).toEqual([]);
  }
});

describe('ARCHITECTURE.md', () => {
  const text = textOf('ARCHITECTURE.md');

  it('tells of every trigger, and of none that is not there', () => {
    const told = [...text.matchAll(/^\| `([a-z_]+)` \| (?:insert|update|delete) /gm)].map(([, name]) => name);
    const made = [...schema.matchAll(/^CREATE TRIGGER (\w+)/gm)].map(([, name]) => name);
    expect(told.toSorted()).toEqual(made.toSorted());
  });

  it.each([...readdirSync('lib').map((room) => `lib/${room}`), ...readdirSync('functions')])(
    'has a line that says what %s is',
    (name) => {
      const [, rooms = ''] = /^## Functions$(.*)^## Words$/ms.exec(text) ?? [];
      expect(rooms.split('\n').filter((line) => line.startsWith(`| \`${name}\` |`))).toHaveLength(1);
    },
  );

  it('has ten decisions, each of three lines at most', () => {
    const decisions =
      text
        .split(/^## Decisions$/m)[1]
        ?.split(/^\d+\. /m)
        .slice(1) ?? [];
    expect(decisions).toHaveLength(10);
    for (const decision of decisions) expect(decision.trim().split('\n').length, decision).toBeLessThanOrEqual(3);
  });

  it('names only constraints that are there', () => {
    const named = [...text.matchAll(/`(\w+_finished)`/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(1);
    expect(named.filter((name) => !schema.includes(`constraint ${name} `))).toEqual([]);
  });
});

it('CONTRIBUTING.md has ten tasks, each with a file, a command and a test', () => {
  const tasks = textOf('CONTRIBUTING.md').split(/^### /m).slice(1);
  expect(tasks).toHaveLength(10);
  for (const task of tasks) expect(task).toMatch(/`(functions|lib|infra)\/.*Command: `.*\bTests?\b/s);
});
