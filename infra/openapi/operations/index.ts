// Every operation of the document: the functions' routes, with what is said of each. To add one (`npm run check` and the tests say what is missing):
// 1. declare the route in its function's routes.ts; a new function with routes has a line in infra/gateway/public-functions.ts;
// 2. where JSON Schema has no words for a schema of its request, `selectSchema` and `v.metadata` do;
// 3. write its entry in the file of its function here (a folder of functions/manage has a file of its own, listed below);
// 4. say in the `prose` of that file what each field of the request is, and write its answers as strict valibot schemas;
// 5. give it an example, with `given` where something must be there before: infra/test/openapi.test.ts runs it and checks the answer;
// 6. run `npm run generate` and commit what it writes.
import { referenceRoutes } from '../../../functions/console/routes.ts';
import { publicRoutes } from '../../gateway/public-functions.ts';
import { type DocumentationOf, type Operation, type Prose, toOperations, type WebhookMessage } from '../operation.ts';
import { apiKeyDocs, apiKeyProse } from './api-keys.ts';
import { historyDocs } from './history.ts';
import { intakeDocs } from './intake.ts';
import { referenceDocs } from './reference.ts';
import { sendDocs } from './send.ts';
import { sendProse } from './send-prose.ts';
import { suppressionDocs, suppressionProse } from './suppressions.ts';
import { templateDocs, templateProse } from './templates.ts';
import { tokenDocs, tokenProse } from './token.ts';
import { webhookMessages } from './webhook-messages.ts';
import { webhookDocs, webhookProse } from './webhooks.ts';

/** What clients of the API call: the pages for people are none of it. */
export const documentedRoutes = { ...publicRoutes, console: referenceRoutes };
type Documented = keyof typeof documentedRoutes;

/** By the function that answers them, in the order of the document. */
const documentation: { [Name in Documented]: DocumentationOf<(typeof documentedRoutes)[Name]> } = {
  token: tokenDocs,
  send: sendDocs,
  history: historyDocs,
  console: referenceDocs,
  intake: intakeDocs,
  manage: { ...suppressionDocs, ...templateDocs, ...webhookDocs, ...apiKeyDocs },
};

export const operations: readonly Operation[] = (Object.keys(documentation) as Documented[]).flatMap((name) =>
  toOperations(documentedRoutes[name], documentation[name]),
);
export const messages: readonly WebhookMessage[] = webhookMessages;
export const prose: readonly Prose[] = [
  ...tokenProse,
  ...sendProse,
  ...suppressionProse,
  ...templateProse,
  ...webhookProse,
  ...apiKeyProse,
];
