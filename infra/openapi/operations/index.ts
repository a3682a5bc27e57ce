// Every operation of the document. To add one (the tests fail until the document, the routes and the gateway's table are one):
// 1. export the valibot schema of its request beside its route; where JSON Schema has no words for it, `selectSchema` and `v.metadata` do;
// 2. write its entry in the file of its function here (a folder of functions/manage has a file of its own, listed below);
// 3. say in the `prose` of that file what each field of the request is, and write its answers as strict valibot schemas;
// 4. give it an example, with `given` where something must be there before: infra/test/openapi.test.ts runs it and checks the answer;
// 5. run `npm run openapi` and commit functions/console/openapi.json.
import type { Message, Operation, Prose } from '../operation.ts';
import { historyOperations } from './history.ts';
import { referenceOperations } from './reference.ts';
import { sendOperations } from './send.ts';
import { sendProse } from './send-prose.ts';
import { suppressionOperations, suppressionProse } from './suppressions.ts';
import { templateOperations, templateProse } from './templates.ts';
import { tokenOperations } from './token.ts';
import { webhookMessages } from './webhook-messages.ts';
import { webhookOperations, webhookProse } from './webhooks.ts';

/** By the function that answers them. */
export const operationsOf = {
  token: tokenOperations,
  send: sendOperations,
  history: historyOperations,
  console: referenceOperations,
  manage: [...suppressionOperations, ...templateOperations, ...webhookOperations],
} satisfies Record<string, readonly Operation[]>;

export const operations: readonly Operation[] = Object.values(operationsOf).flat();
export const messages: readonly Message[] = webhookMessages;
export const prose: readonly Prose[] = [...sendProse, ...suppressionProse, ...templateProse, ...webhookProse];
