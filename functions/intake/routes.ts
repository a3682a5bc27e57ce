// The routes of the intake function: what came back, handed in by the operator's own mail server.

import * as v from 'valibot';
import { clientRoute } from '../../lib/auth/client-route.ts';
import type { BodyForm } from '../../lib/http/body-form.ts';
import { text } from '../../lib/http/size-limits.ts';
import { maxAddress } from '../../lib/mail/address.ts';
import { type HandInDependencies, handIn } from './hand-in.ts';

const route = clientRoute<HandInDependencies>();

/** As it came, in the form of RFC 5322. The host keeps the bound (INTAKE_MESSAGE_BYTES), before anything is read. */
export const RawMessage = v.pipe(text(25_000_000, 'must be a message (RFC 5322)'), v.title('ReportMessage'));
const raw: BodyForm<Buffer> = { types: ['message/rfc822'], schema: RawMessage, parse: (bytes) => bytes };

export const HandInQuery = v.strictObject({
  to: v.optional(text(maxAddress + 66, 'must be the address that the message came to')),
});

export const intakeRoutes = {
  takeMessage: route({
    method: 'POST',
    path: '/intake/message',
    scope: 'intake:write',
    query: HandInQuery,
    body: raw,
    handle: handIn,
  }),
};
