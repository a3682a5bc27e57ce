// The pages of the site. Links are relative, so that they hold behind any prefix.
import type { Guide } from './guides.ts';
import { type Html, html } from './html.ts';

/** Their paths from the root of the API. */
export interface Assets {
  script: string;
  style: string;
}

interface Site {
  title: string;
  assets: Assets;
}

interface Page extends Site {
  /** The way from the page to the root of the API. */
  root: string;
  name: Html | string;
  body: Html;
}

const common = {
  'content-type': 'text/html; charset=utf-8',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};
const closed = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Nothing but the page and its style sheet. */
export const pageHeaders = {
  ...common,
  'content-security-policy': `default-src 'none'; style-src 'self'; img-src data:; ${closed}`,
};

/**
 * Scripts, styles, fonts and requests of this origin alone. Scalar writes styles into the page as it goes (its editor's among them),
 * which neither a hash nor a nonce can name in advance.
 */
export const referenceHeaders = {
  ...common,
  'content-security-policy': `default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; font-src 'self' data:; ${closed}`,
};

/** What Scalar is told: https://scalar.com has the list. Nothing of it may lead elsewhere. */
const scalar = {
  url: 'openapi.json',
  telemetry: false,
  withDefaultFonts: false,
  agent: { disabled: true },
  hideClientButton: true,
  showDeveloperTools: 'never',
  documentDownloadType: 'direct',
  // A secret that was typed in is gone with the page.
  persistAuth: false,
  defaultHttpClient: { targetKey: 'shell', clientKey: 'curl' },
  authentication: {
    preferredSecurityScheme: 'accessToken',
    securitySchemes: { pastedToken: { type: 'http', scheme: 'bearer' } },
  },
};

export function referencePage({ title, assets }: Site): string {
  const body = html`<script id="api-reference" type="application/json" data-configuration="${JSON.stringify(scalar)}"></script>
<script src="${assets.script}"></script>
<noscript><p class="notice">This page needs JavaScript. <a href="openapi.json">openapi.json</a> says the same.</p></noscript>`;
  return page({ title, assets, root: '', name: 'API reference', body });
}

export function guidesPage({ title, assets, guides }: Site & { guides: readonly Guide[] }): string {
  const entries = guides.map(
    (guide) => html`<li><h2><a href="guides/${guide.name}">${guide.title}</a></h2><p>${guide.about}</p></li>`,
  );
  const body = html`<main id="content"><h1>Guides</h1><ul class="guides">${entries}</ul></main>`;
  return page({ title, assets, root: '../', name: 'Guides', body });
}

export function guidePage({ title, assets, guides, guide }: Site & { guides: readonly Guide[]; guide: Guide }): string {
  const entries = guides.map(
    (one) => html`<li><a href="${one.name}"${one === guide && html` aria-current="page"`}>${one.title}</a></li>`,
  );
  const body = html`<div class="columns"><nav aria-label="Guides"><ul>${entries}</ul></nav>
<main id="content">${guide.text}</main></div>`;
  return page({ title, assets, root: '../../', name: guide.title, body });
}

function page({ title, assets, root, name, body }: Page): string {
  const { text } = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${typeof name === 'string' ? name : name.text.replaceAll(/<[^>]*>/g, '')} – ${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${root}${assets.style}">
</head>
<body>
<header class="bar"><b>${title}</b><nav aria-label="Documentation"><a href="${root}docs">API reference</a> <a href="${root}docs/guides">Guides</a> <a href="${root}openapi.json">openapi.json</a></nav></header>
${body}
</body>
</html>
`;
  return text;
}
