// Builds what is measured: our functions as they are deployed, and each baseline as one file, so that no process compiles at run time.
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { bundle, slimming } from '../../../esbuild.config.ts';
import type { FunctionName } from '../../local/functions.ts';

const here = import.meta.dirname;

const nodeBundle = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  banner: { js: "import { createRequire as shim } from 'node:module';\nconst require = shim(import.meta.url);" },
  // What packages ask for only where it is installed.
  external: ['pg-native', 'pg', 'redis', 'bullmq-otel'],
  logLevel: 'error',
} as const satisfies BuildOptions;

/** Writes `<directory>/<function>/index.mjs` and `<directory>/<baseline>.mjs`. */
export async function buildAll(directory: string): Promise<void> {
  await bundle(directory);
  const baselines = (await readdir(join(here, '../baselines'))).map((file) => join(here, '../baselines', file));
  await build({
    ...nodeBundle,
    entryPoints: [...baselines, join(here, 'timing-sink.ts')],
    outdir: directory,
    entryNames: '[name]',
    outExtension: { '.js': '.mjs' },
  });
}

/** One of our functions, `index.mjs` and perhaps `thread.mjs`, with its white space and the names of its sources, for a profile that can be read. */
export async function buildReadable(name: FunctionName, outdir: string): Promise<void> {
  const from = join(here, '../../../functions', name);
  await build({
    ...nodeBundle,
    entryPoints: ['index.ts', 'thread.ts'].map((file) => join(from, file)).filter(existsSync),
    plugins: slimming,
    outdir,
    outExtension: { '.js': '.mjs' },
  });
}
