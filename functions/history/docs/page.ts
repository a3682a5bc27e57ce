// The reference page: the OpenAPI document as HTML that needs no script and nothing from elsewhere.
import { createHash } from 'node:crypto';
import type { Document, Media, Message, Operation, Parameter } from './document.ts';
import { Html, html, paragraphs, prose } from './html.ts';
import { fieldsOf, typeOf } from './schema.ts';
import { style } from './style.ts';

const styleHash = createHash('sha256').update(style).digest('base64');

/** Nothing but the page and its one style sheet. */
export const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

export function referencePage(document: Document): string {
  const { info, tags, paths, webhooks, components } = document;
  const messages = Object.entries(webhooks).map(([event, { post }]) => ({ event, message: post }));
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const sections = tags.map((tag) => ({
    ...tag,
    entries: all.filter(({ operation }) => operation.tags[0] === tag.name),
  }));
  const { text } = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${info.title}</title>
<style>${new Html(style)}</style>
</head>
<body>
<nav><details open><summary>${info.title} ${info.version}</summary>
<p><a href="openapi.json">openapi.json</a></p>
${sections.map(({ name, entries }) => html`<h2>${name}</h2><ul>${entries.map(link)}</ul>`)}
<h2>Messages</h2><ul>${messages.map(messageLink)}</ul>
<h2>Schemas</h2><ul>${Object.keys(components.schemas).map((name) => html`<li><a href="#schema-${name}">${name}</a></li>`)}</ul>
</details></nav>
<main>
<h1>${info.title}</h1>
${paragraphs(info.description)}
<p>What is marked with <b class="required">*</b> must be given, and is always there in answers.</p>
${sections.map(
  ({ name, description, entries }) =>
    html`<section><h2>${name}</h2><p>${description}</p>${entries.map(article)}</section>`,
)}
<section><h2>Messages</h2><p>${messages[0] && prose(messages[0].message.description)}</p>${messages.map(messageArticle)}</section>
<section><h2>Schemas</h2>
${Object.entries(components.schemas).map(
  ([name, schema]) => html`<article id="schema-${name}"><h3>${name}</h3>
${schema.description !== undefined && paragraphs(schema.description)}
${fieldsOf(schema) ?? html`<p class="type">${typeOf(schema)}</p>`}</article>`,
)}
</section>
</main>
</body>
</html>
`;
  return text;

  function article({ path, method, operation }: (typeof all)[number]): Html {
    const { operationId, summary, description, requestBody, responses } = operation;
    return html`<article id="${operationId}">
<h3><a href="#${operationId}">${badge(method)} <code>${path}</code></a> <span>${summary}</span></h3>
${paragraphs(description)}
<p class="needs">${needs(operation)}</p>
${operation['x-codeSamples'].map(sample)}
${parameters(operation)}
${requestBody && html`<h4>Request body</h4>${medias(requestBody.content)}`}
<h4>Answers</h4>
${Object.entries(responses).map(
  ([
    status,
    response,
  ]) => html`<details class="answer"><summary><b class="s${status[0]}">${status}</b> ${prose(response.description)}</summary>
${response.headers && html`<p>Headers: ${codes(Object.keys(response.headers))}</p>`}
${response.content && medias(response.content)}</details>`,
)}
</article>`;
  }

  function parameters({ parameters = [] }: Operation): Html | undefined {
    if (parameters.length === 0) return undefined;
    const rows = parameters.map((one) => row('$ref' in one && one.$ref ? byReference(one.$ref) : (one as Parameter)));
    return html`<h4>Parameters</h4><table>${rows}</table>`;
  }

  function byReference(reference: string): Parameter {
    const parameter = components.parameters[reference.slice(reference.lastIndexOf('/') + 1)];
    if (parameter === undefined) throw new Error(`the document has no ${reference}`);
    return parameter;
  }
}

function row({ name, in: place, required, description, schema }: Parameter): Html {
  return html`<tr><td><code>${name}</code>${required && html` <b class="required">*</b>`}<br><small>${place}</small></td>
<td><span class="type">${typeOf(schema)}${schema.default !== undefined && html` – default: <code>${String(schema.default)}</code>`}</span>
${prose(description)}</td></tr>`;
}

function medias(content: Record<string, Media>): Html {
  return html`${Object.entries(content).map(
    ([type, { schema, example }]) => html`<p class="type"><code>${type}</code>: ${typeOf(schema)}</p>
${schema.$ref === undefined && fieldsOf(schema)}
${example !== undefined && html`<pre>${typeof example === 'string' ? example : JSON.stringify(example, null, 2)}</pre>`}`,
  )}`;
}

/** The first is open. */
function sample({ label, source }: Operation['x-codeSamples'][number], index: number): Html {
  return html`<details${index === 0 && new Html(' open')}><summary>${label}</summary><pre>${source}</pre></details>`;
}

function needs({ security: [first = {}] }: Operation): Html {
  if (first.accessToken) return html`Needs an access token with the scope ${codes(first.accessToken)}.`;
  return first.clientSecret
    ? html`Needs a client’s credentials, in the body or with HTTP Basic.`
    : html`Needs no token.`;
}

function link({ path, method, operation }: { path: string; method: string; operation: Operation }): Html {
  return html`<li><a href="#${operation.operationId}" title="${operation.summary}">${badge(method)} ${path}</a></li>`;
}

function messageLink({ event, message }: { event: string; message: Message }): Html {
  return html`<li><a href="#${message.operationId}" title="${message.summary}">${event}</a></li>`;
}

function messageArticle({ event, message }: { event: string; message: Message }): Html {
  const { operationId, summary, requestBody } = message;
  return html`<article id="${operationId}">
<h3><a href="#${operationId}"><code>${event}</code></a> <span>${summary}</span></h3>
${medias(requestBody.content)}
</article>`;
}

function badge(method: string): Html {
  return html`<b class="method ${method.toLowerCase()}">${method}</b>`;
}

function codes(words: readonly string[]): Html {
  return html`${words.map((word, index) => html`${index > 0 && ', '}<code>${word}</code>`)}`;
}
