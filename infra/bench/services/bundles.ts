// Builds what is measured: our functions as they are deployed, and each baseline as one file, too, so that nobody pays for a compiler.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { bundle } from '../../../esbuild.config.ts';

const here = import.meta.dirname;

/** Writes `<directory>/<function>/index.mjs` and `<directory>/<baseline>.mjs`. */
export async function buildAll(directory: string): Promise<void> {
  await bundle(directory);
  const baselines = (await readdir(join(here, '../baselines'))).map((file) => join(here, '../baselines', file));
  await build({
    entryPoints: [...baselines, join(here, 'timing-sink.ts')],
    outdir: directory,
    outbase: here,
    entryNames: '[name]',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    banner: { js: "import { createRequire as shim } from 'node:module';\nconst require = shim(import.meta.url);" },
    external: ['pg-native', 'pg', 'redis', 'bullmq-otel'],
    logLevel: 'error',
  });
}
