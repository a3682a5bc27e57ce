// The pages of the documentation in a real browser, before the whole API: they show everything, ask nobody else for anything, and send requests.
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PublicFunction } from '../gateway/public-functions.ts';
import { type Gateway, startGateway } from '../local/gateway.ts';
import { freePort } from '../local/ports.ts';
import { operations } from '../openapi/operations/index.ts';
import { startChromium } from './chromium.ts';
import { exampleClient } from './functions.ts';
import { startWholeApi, type WholeApi } from './whole-api.ts';

let ground: WholeApi;
let gateway: Gateway;
let browser: Browser;
let api: string;

beforeAll(async () => {
  [ground, browser] = await Promise.all([startWholeApi({ also: ['manage', 'console'] }), startChromium()]);
  const { functions } = ground.api;
  const names: PublicFunction[] = ['token', 'send', 'history', 'manage', 'console'];
  const ports = Object.fromEntries(names.map((name) => [name, Number(new URL(functions[name].url).port)]));
  const port = await freePort();
  gateway = await startGateway({ port, ports: ports as Record<PublicFunction, number> });
  api = `http://localhost:${port}`;
});
afterAll(async () => {
  await browser?.close();
  await gateway?.stop();
  await ground?.stop();
});

const phone = { width: 390, height: 844 };
const desk = { width: 1400, height: 1000 };

/** Opens a page; what it does wrong comes on the list: errors (among them what its Content-Security-Policy forbade) and requests elsewhere. */
async function open(
  path: string,
  options: { viewport?: { width: number; height: number }; colorScheme?: 'dark' } = {},
) {
  const page = await browser.newPage({ viewport: desk, ...options });
  // For what hangs, as every limit of a test.
  page.setDefaultTimeout(120_000);
  const wrong: string[] = [];
  page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
  page.on('pageerror', (error) => wrong.push(error.message));
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (origin !== api && protocol !== 'data:' && protocol !== 'blob:')
      wrong.push(`${request.method()} ${request.url()}`);
  });
  await page.goto(api + path);
  return { page, wrong };
}

/** A row of the panel for credentials. */
const row = (page: Page | Locator, label: string) => page.locator('tr').filter({ hasText: label }).first();

/** Opens the dialog of `POST /send`, sends what it shows, and waits for the answer. */
async function trySend(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Test Request (post /send)', exact: true }).click();
  const [answer] = await Promise.all([
    page.waitForResponse(`${api}/send`),
    page
      .getByRole('dialog')
      .getByRole('button', { name: /^Send post request/ })
      .click(),
  ]);
  expect(answer.status()).toBe(202);
  await page.getByText('202 Accepted').waitFor();
}

describe('/docs', () => {
  it('shows every operation', async () => {
    const { page, wrong } = await open('/docs');
    // Another, hidden one belongs to the dialog that sends requests.
    const sidebar = page.locator('aside').first();
    const entries = sidebar.locator('li[data-sidebar-id]');
    await entries.first().waitFor();
    const closed = sidebar.locator('button[aria-expanded="false"]');
    // From below, as each that opens leaves the list and moves those after it.
    for (let index = (await closed.count()) - 1; index >= 0; index -= 1) await closed.nth(index).click();
    const missing = async () => {
      const shown = await entries.evaluateAll((all) => all.map((entry) => entry.getAttribute('data-sidebar-id') ?? ''));
      const unseen = operations.filter(({ method, path }) => !shown.some((id) => id.endsWith(`/${method}${path}`)));
      return unseen.map(({ method, path }) => `${method} ${path}`);
    };
    await expect.poll(missing).toEqual([]);
    expect(wrong).toEqual([]);
    await page.close();
  });

  it('gets a token for a client, and sends an email with it', async () => {
    const { page, wrong } = await open('/docs#tag/send/POST/send');
    await row(page, 'Client ID').getByRole('textbox').fill(exampleClient.client_id);
    await row(page, 'Client Secret').locator('input').fill(exampleClient.client_secret);
    await page.getByRole('button', { name: 'Select All', exact: true }).click();
    const [granted] = await Promise.all([
      page.waitForResponse(`${api}/token`),
      page.getByRole('button', { name: 'Authorize', exact: true }).click(),
    ]);
    expect(granted.status()).toBe(200);
    await trySend(page);
    expect(wrong).toEqual([]);
    await page.close();
  });

  it('sends an email with a token that is pasted', async () => {
    const { page, wrong } = await open('/docs#tag/send/POST/send');
    await page.getByRole('button', { name: 'accessToken' }).first().click();
    await page.getByRole('option', { name: 'accessToken' }).click();
    await page.getByRole('option', { name: 'pastedToken' }).click();
    await page.keyboard.press('Escape');
    await row(page, 'Bearer Token').locator('input').fill(ground.api.token);
    await trySend(page);
    expect(wrong).toEqual([]);
    await page.close();
  });
});

describe.each([
  ['on a phone', { viewport: phone }],
  ['in the dark', { colorScheme: 'dark' }],
] as const)('%s', (_, options) => {
  it.each(['/docs', '/docs/guides', '/docs/guides/getting-started'])('%s fits and does nothing wrong', async (path) => {
    const { page, wrong } = await open(path, options);
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    // What is still being laid out may be wider for a moment.
    const tooWide = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
    await expect.poll(() => page.evaluate(tooWide), { timeout: 60_000 }).toBe(0);
    expect(wrong).toEqual([]);
    await page.close();
  });
});
