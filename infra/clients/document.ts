// Tools that others wrote for OpenAPI, on our document: linters find nothing, and programs that use generated clients are typed, and work.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BehindGateway, startBehindGateway } from '../test/behind-gateway.ts';
import type { Json } from '../test/functions.ts';

const here = import.meta.dirname;
const document = '../../functions/console/openapi.json';
/** A tool may take its time where others use the machine as well. */
const patienceMs = 240_000;

/** Nothing of it looks for news, and nothing tells its makers. */
const quiet = {
  REDOCLY_TELEMETRY: 'off',
  REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
  CI: 'true',
  SCARF_ANALYTICS: 'false',
};

function tool(name: string, ...args: string[]) {
  const command = join(here, 'node_modules/.bin', name);
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: here,
    env: { ...process.env, ...quiet },
    encoding: 'utf8',
    maxBuffer: 100_000_000,
  });
  return { status, stdout, stderr };
}

describe('linters find nothing', () => {
  it(
    'Redocly',
    () => {
      const { status, stdout, stderr } = tool('redocly', 'lint', document, '--config=redocly.yaml', '--format=json');
      const { totals, problems } = JSON.parse(stdout);
      expect({ status, totals, problems }, stderr).toEqual({
        status: 0,
        totals: { errors: 0, warnings: 0, ignored: 0 },
        problems: [],
      });
    },
    patienceMs,
  );

  it(
    'Spectral',
    () => {
      const strict = ['--fail-severity=hint', '--format=json', '--quiet'];
      const { status, stdout, stderr } = tool('spectral', 'lint', '--ruleset=spectral.yaml', ...strict, document);
      expect({ status, found: JSON.parse(stdout) }, stderr).toEqual({ status: 0, found: [] });
    },
    patienceMs,
  );
});

describe('generated clients', () => {
  let ground: BehindGateway;
  beforeAll(async () => {
    rmSync(join(here, 'generated'), { recursive: true, force: true });
    const made = [
      tool('openapi-typescript', document, '--output=generated/schema.ts'),
      tool('openapi-ts', '--input', document, '--output', 'generated/hey-api', '--silent'),
    ];
    for (const { status, stdout, stderr } of made) expect(status, stdout + stderr).toBe(0);
    ground = await startBehindGateway();
  }, patienceMs);
  afterAll(() => ground?.stop());

  it(
    'are typed as their users expect',
    () => {
      const { status, stdout } = tool('tsc', '--project', 'programs');
      expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    },
    patienceMs,
  );

  it.each([
    ['openapi-typescript and openapi-fetch', './programs/openapi-fetch.ts'],
    ['@hey-api/openapi-ts', './programs/hey-api.ts'],
  ])('of %s work', async (_what, path) => {
    // Its types are known once it is generated.
    const { run }: Json = await import(/* @vite-ignore */ path);
    const { version, template, ...result } = await run(ground.baseUrl, ground.api.token);
    expect(result).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      attempts: 1,
      bare: 'Start Queue Email',
      batch: 2,
      refused: 'validation_error',
      subject: 'Hi',
      hasMore: expect.any(Boolean),
      key: expect.stringMatching(/^re_/),
      secret: expect.stringMatching(/^whsec_/),
    });
    expect(version ?? template).toBeTruthy();
  });
});
