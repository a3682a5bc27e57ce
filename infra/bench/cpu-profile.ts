// Reads a CPU profile of a bundle (`node --cpu-prof`): which package and which function the time went to.
import { readFileSync } from 'node:fs';

interface Profile {
  nodes: {
    id: number;
    callFrame: { functionName: string; url: string; lineNumber: number };
  }[];
  samples: number[];
  /** Microseconds before each sample. */
  timeDeltas: number[];
}

/** Shares of the time that the process was busy, the largest first. */
export interface Shares {
  busyMs: number;
  packages: [name: string, share: number][];
  functions: [name: string, share: number][];
}

export function readShares(profileFile: string, bundleFile: string): Shares {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(profileFile, 'utf8')) as Profile;
  const origins = readOrigins(bundleFile);
  const named = new Map(nodes.map((node) => [node.id, nameOf(node.callFrame, origins)]));
  const packages = new Map<string, number>();
  const functions = new Map<string, number>();
  let busy = 0;
  for (const [index, id] of samples.entries()) {
    const spent = timeDeltas[index] ?? 0;
    const { origin, name } = named.get(id) ?? { origin: '?', name: '?' };
    if (name === '(idle)') continue;
    busy += spent;
    packages.set(packageOf(origin), (packages.get(packageOf(origin)) ?? 0) + spent);
    const whole = origin === '' ? name : `${name} (${origin})`;
    functions.set(whole, (functions.get(whole) ?? 0) + spent);
  }
  const ranked = (spent: Map<string, number>) =>
    [...spent].map(([name, time]): [string, number] => [name, time / busy]).sort(([, a], [, b]) => b - a);
  return { busyMs: busy / 1_000, packages: ranked(packages), functions: ranked(functions) };
}

function nameOf({ functionName, url, lineNumber }: Profile['nodes'][number]['callFrame'], origins: string[]) {
  const name = functionName || '(anonymous)';
  if (url.startsWith('node:')) return { origin: url, name };
  return url === '' ? { origin: '', name } : { origin: origins[lineNumber] ?? url, name };
}

/** The source file of each line: esbuild names it above what it brought from there. */
function readOrigins(bundleFile: string): string[] {
  let origin = '';
  return readFileSync(bundleFile, 'utf8')
    .split('\n')
    .map((line) => {
      const [, path] = /^\s*\/\/ (\S+\.(?:[cm]?[jt]s|json))$/.exec(line) ?? [];
      origin = path ?? origin;
      return origin;
    });
}

/** `node:internal/streams/readable` counts as `node:streams`; what has no file is the engine's own. */
function packageOf(origin: string): string {
  if (origin === '') return 'engine';
  const [, installed] = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(origin) ?? [];
  return installed ?? origin.replace(/^(node:(?:internal\/)?[^/]+).*/, '$1');
}
