// Bundles each function, and the operator's command, to one file that needs nothing but Node: `npm run build`.
import { cp, readdir, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

/** CommonJS packages inlined into an ES module still ask for `require` (of Node's own modules). */
const requireShim =
  "import { createRequire as createRequireForBundle } from 'node:module';\nconst require = createRequireForBundle(import.meta.url);";

/** Writes `<directory>/<function>/index.mjs` for every folder of `functions`, and `<directory>/admin/index.mjs`. */
export async function bundle(directory = 'dist'): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  const functions = await readdir('functions');
  await Promise.all([
    ...functions.map((name) => bundleOne(`functions/${name}/index.ts`, `${directory}/${name}/index.mjs`)),
    bundleOne('infra/admin/index.ts', `${directory}/admin/index.mjs`),
  ]);
  // What `migrate` applies, so that the folder is all it needs.
  await cp('infra/migrations', `${directory}/admin/migrations`, { recursive: true });
  await Promise.all(functions.map((name) => writeManifest(name, `${directory}/${name}`)));
}

function bundleOne(entry: string, outfile: string) {
  return build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    banner: { js: requireShim },
    external: ['pg-native'],
    plugins: [withoutDomain],
    // Smaller and so quicker to start; identifiers stay, so that a stack trace can be read.
    minifySyntax: true,
    minifyWhitespace: true,
    lineLimit: 160,
    legalComments: 'none',
    logLevel: 'warning',
  });
}

/**
 * The framework runs each request in a `domain`, whose hooks make Node track every promise of the process: a third of the CPU of a
 * request. All it does there is to catch what a function lets slip; our handlers let nothing slip.
 */
const withoutDomain: Plugin = {
  name: 'without-domain',
  setup(build) {
    build.onResolve({ filter: /^domain$/ }, () => ({ path: 'domain', namespace: 'without-domain' }));
    build.onLoad({ filter: /.*/, namespace: 'without-domain' }, () => ({
      contents: "const run = (work) => work();\nexports.create = () => ({ on() {}, add() {}, enter() {}, exit() {}, run });",
      loader: 'js',
    }));
  },
};

/** What a FaaS host reads beside the bundle: which file and export to load, or the command that starts it. */
function writeManifest(name: string, directory: string): Promise<void> {
  const manifest = { name, private: true, type: 'module', main: 'index.mjs', scripts: { start: 'node index.mjs' } };
  return writeFile(`${directory}/package.json`, `${JSON.stringify(manifest, null, 2)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle();

