// The Caddyfile of Docker says the same as the table of local mode.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { otherwise } from './public-functions.ts';
import { functionFor, refusedWith, routes, sharedPaths, unrouted } from './routes.ts';

interface Matcher {
  paths: string[];
  method: string | undefined;
  /** The methods that it is not for. */
  others?: string | undefined;
}

function pathsOf(block: string): string[] {
  const expressions = /^\s*path_regexp (.*)$/m.exec(block)?.[1]?.split('|') ?? [];
  return expressions.map((one) => one.slice(1, -1).replaceAll('[^/]+', '*').replaceAll('\\.', '.'));
}

const caddyfile = readFileSync(new URL('Caddyfile', import.meta.url), 'utf8').replaceAll(/^\s*#.*$/gm, '');

/** `@name path …` on one line, or a block with `path_regexp` and `method` or `not method`; by name. */
const matchers = new Map<string, Matcher>(
  [...caddyfile.matchAll(/^\t@([\w-]+) (?:(path .*)|\{\n([^}]*)\})$/gm)].map(([, name = '', line = '', block = '']) => [
    name,
    {
      paths: line === '' ? pathsOf(block) : line.replace('path ', '').split(' '),
      method: /^\s*method (.*)$/m.exec(block)?.[1],
      others: /^\s*not method (.*)$/m.exec(block)?.[1],
    },
  ]),
);

/** What is done for a matcher, in the order in which Caddy tries; the one without a name takes the rest. */
const handles = [...caddyfile.matchAll(/^\thandle (?:@([\w-]+) )?\{\n\t\t(\w+) (\S+)/gm)].map(
  ([, name, directive, argument]) => ({
    name,
    to: directive === 'reverse_proxy' ? argument?.replace(':8080', '') : undefined,
  }),
);

const table = handles.flatMap(({ name, to }) => {
  const { paths, method } = matchers.get(name ?? '') ?? { paths: [], method: undefined };
  return paths.map((path) => ({ path: path.replaceAll('*', '{id}'), ...(method === undefined ? {} : { method }), to }));
});

const byPath = (one: { path: string }, other: { path: string }) => one.path.localeCompare(other.path);

describe('the Caddyfile', () => {
  it('sends each path where routes.ts sends it', () => {
    const passed = table.filter(({ to }) => to !== undefined);
    expect(passed.length).toBeGreaterThan(0);
    expect(passed.toSorted(byPath)).toEqual(routes.toSorted(byPath));
  });

  it('sends everything else where routes.ts does, last', () => {
    expect(handles.at(-1)).toEqual({ name: undefined, to: otherwise });
    expect(handles.filter(({ name }) => name === undefined)).toHaveLength(1);
  });

  it('refuses other methods where routes.ts does, and says the same of those that there are', () => {
    const refusals = [...caddyfile.matchAll(/handle @(shared-\d+) \{\n\t\tvars allow "(.*)"\n\t\terror 405/g)].map(
      ([, name = '', allow]) => ({ ...matchers.get(name), allow }),
    );
    expect(refusals.map(({ paths }) => paths?.[0]?.replaceAll('*', '{id}'))).toEqual(
      sharedPaths.map(({ path }) => path),
    );
    for (const { paths = [], others, allow } of refusals) {
      const path = paths[0]?.replaceAll('*', '0199') ?? '';
      expect({ path, allow, others }).toEqual({
        path,
        allow: refusedWith('TRACE', path),
        others: allow?.replaceAll(',', ''),
      });
    }
  });

  it('answers itself, before all others, what routes.ts gives to no function', () => {
    const kept = table.slice(0, unrouted.length);
    expect(kept).toEqual(unrouted.map((path) => ({ path, to: undefined })));
    for (const path of unrouted) expect(functionFor('GET', path)).toBeUndefined();
  });
});

describe('what the Caddyfile lets into the log', () => {
  const [, pattern = '', replacement = ''] = /request>uri regexp "([^"]*)" "([^"]*)"/.exec(caddyfile) ?? [];
  // The filter takes the place of every match; a group that matched nothing is empty there as well as here.
  const logged = (uri: string) => uri.replaceAll(new RegExp(pattern, 'g'), replacement);

  it.each([
    ['/suppressions/anna%40example.com', '/suppressions/***'],
    ['/suppressions/anna@example.com?x=anna', '/suppressions/***'],
    ['/emails?recipient=anna%40example.com&limit=5', '/emails***'],
    ['/emails/0199/anna@example.com/x', '/emails/0199/***/x'],
    ['/suppressions?after=anna@example.com', '/suppressions***'],
    ['/emails/0199/events', '/emails/0199/events'],
    ['/send', '/send'],
  ])('%s is %s', (uri, expected) => {
    expect(logged(uri)).toBe(expected);
  });

  it('of the requests and of the errors', () => {
    const filters = caddyfile.match(/^\tlog .*\{\n(?:\t\toutput .*\n)?\t\tformat filter \{[\s\S]*?^\t\t\}/gm) ?? [];
    expect(filters).toHaveLength(2);
    expect(new Set(filters.map((filter) => filter.slice(filter.indexOf('format')))).size).toBe(1);
  });
});
