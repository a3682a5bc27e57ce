// Bundles each function, and the operator's command, to one file that needs nothing but Node: `npm run build`.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, readdir, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { buildSite } from './infra/site/build.ts';

/** CommonJS packages inlined into an ES module still ask for `require` (of Node's own modules). */
const requireShim =
  "import { createRequire as createRequireForBundle } from 'node:module';\nconst require = createRequireForBundle(import.meta.url);";

/**
 * Tables of Chinese, Japanese and Korean encodings, a quarter of a bundle: the framework's body parser (iconv-lite) has them for
 * bodies that are not in UTF-8, which no route of ours takes. Without them these encodings are as unknown as any other.
 */
const withoutEncodingTables: Plugin = {
  name: 'without encoding tables',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]iconv-lite[\\/]encodings[\\/]dbcs-data\.js$/ }, () => ({
      contents: 'module.exports = {};',
    }));
  },
};

/** html-to-text writes HTML in formatters that we do not use; what it writes with has every entity of HTML twice over, 85 kB. */
const withoutSerializer: Plugin = {
  name: 'without-serializer',
  setup(build) {
    build.onResolve({ filter: /^dom-serializer$/ }, () => ({
      path: 'dom-serializer',
      namespace: 'without-serializer',
    }));
    build.onLoad({ filter: /.*/, namespace: 'without-serializer' }, () => ({
      contents: "export function render() { throw new Error('HTML is not written here'); }\nexport default render;",
    }));
  },
};

/** The parser of queries (qs) would describe a missing key with it, in an error that cannot come about there. */
const withoutInspection: Plugin = {
  name: 'without-inspection',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]object-inspect[\\/]index\.js$/ }, () => ({ contents: 'module.exports = String;' }));
  },
};

/**
 * Stands in for what the framework and the middleware below it use to follow a request through its callbacks, at the cost of hooks
 * around every promise and resource of the process: more than half of the CPU of a request. What they do with it is of no use
 * here. A `domain` catches what a function lets slip, and our handlers let nothing slip; the context in an `AsyncLocalStorage` is for
 * the framework's own log lines, which are off; an `AsyncResource` hands on the context of others, and there are none.
 */
const withoutRequestTracking: Plugin = {
  name: 'without-request-tracking',
  setup({ onResolve, onLoad }) {
    const namespace = 'without-request-tracking';
    onResolve({ filter: /^(node:)?(domain|async_hooks)$/ }, ({ path, importer }) =>
      trackers.test(importer) ? { path: path.replace('node:', ''), namespace } : undefined,
    );
    onLoad({ filter: /^domain$/, namespace }, () => ({
      contents: 'exports.create = () => ({ on() {}, run: (work) => work() });',
    }));
    onLoad({ filter: /^async_hooks$/, namespace }, () => ({
      contents: 'exports.AsyncLocalStorage = class { run(_store, work) { return work(); } getStore() {} };',
    }));
  },
};

const trackers = /node_modules\/(@google-cloud\/functions-framework|on-finished|raw-body)\//;

/** What packages bring along and no function uses. */
export const slimming = [withoutEncodingTables, withoutSerializer, withoutInspection, withoutRequestTracking];

/** Writes `<directory>/<function>/index.mjs` for every folder of `functions`, `thread.mjs` beside it where it has threads, and `<directory>/admin/index.mjs`. */
export async function bundle(directory = 'dist'): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  const functions = await readdir('functions');
  const withThreads = functions.filter((name) => existsSync(`functions/${name}/thread.ts`));
  await Promise.all([
    ...functions.map((name) => bundleOne(`functions/${name}/index.ts`, `${directory}/${name}/index.mjs`)),
    ...withThreads.map((name) => bundleOne(`functions/${name}/thread.ts`, `${directory}/${name}/thread.mjs`)),
    bundleOne('infra/admin/index.ts', `${directory}/admin/index.mjs`),
  ]);
  // What `migrate` applies, so that the folder is all it needs.
  const isMigration = (path: string) => path === 'infra/migrations' || /\d{4}_[a-z0-9_]+\.sql$/.test(path);
  await cp('infra/migrations', `${directory}/admin/migrations`, { recursive: true, filter: isMigration });
  // What `console` serves, beside its bundle.
  await buildSite(`${directory}/console/site`);
  await Promise.all(functions.map((name) => writeManifest(name, `${directory}/${name}`)));
}

/** What the metric `build_info` says; COMMIT is for where no git is, as in an image. */
function buildInfo() {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  const { stdout } = spawnSync('git', ['rev-parse', '--short=12', 'HEAD'], { encoding: 'utf8' });
  return { version, commit: process.env.COMMIT || stdout?.trim() || 'unknown' };
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
    define: { EMAIL_API_BUILD: JSON.stringify(buildInfo()) },
    plugins: slimming,
    // Smaller and so quicker to start; identifiers stay, so that a stack trace can be read.
    minifySyntax: true,
    minifyWhitespace: true,
    lineLimit: 160,
    legalComments: 'none',
    logLevel: 'warning',
  });
}

/** What a FaaS host reads beside the bundle: which file and export to load, or the command that starts it. */
function writeManifest(name: string, directory: string): Promise<void> {
  const manifest = { name, private: true, type: 'module', main: 'index.mjs', scripts: { start: 'node index.mjs' } };
  return writeFile(`${directory}/package.json`, `${JSON.stringify(manifest, null, 2)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle();
