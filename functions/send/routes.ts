// The routes of the send function.
import { clientRoute } from '../../lib/auth/client-route.ts';
import { json, unparsedJson } from '../../lib/http/body-form.ts';
import { acceptBatch, type BatchDependencies } from './accept-batch.ts';
import { acceptEmail } from './accept-email.ts';
import { BatchBody } from './batch-request.ts';
import { type CancelDependencies, cancelEmail } from './cancel-email.ts';
import { EmailBody } from './email-request.ts';
import { type EraseDependencies, EraseRequest, eraseOne } from './erase-recipient.ts';
import { type PreviewDependencies, previewEmail } from './preview-email.ts';
import { type ReplayDependencies, replayMany, replayOne } from './replay-emails.ts';
import { ReplayRequest } from './replay-request.ts';
import { type RescheduleDependencies, RescheduleRequest, rescheduleScheduled } from './reschedule-email.ts';

export interface SendDependencies
  extends BatchDependencies,
    CancelDependencies,
    RescheduleDependencies,
    ReplayDependencies,
    EraseDependencies,
    PreviewDependencies {}

const route = clientRoute<SendDependencies>();
const scope = 'email';
/** An API key may be for sending alone. */
const sending = { scope, orScope: 'emails:send' } as const;
/** Parsed by their handlers, which choose the meant form and take the fingerprint of the body. */
const one = unparsedJson(EmailBody);
const batch = unparsedJson(BatchBody);

export const sendRoutes = {
  sendEmail: route({ method: 'POST', path: '/send', ...sending, body: one, handle: acceptEmail }),
  sendBatch: route({ method: 'POST', path: '/send/batch', ...sending, body: batch, handle: acceptBatch }),
  // The names other mail APIs use.
  createEmail: route({ method: 'POST', path: '/emails', ...sending, body: one, handle: acceptEmail }),
  createEmails: route({ method: 'POST', path: '/emails/batch', ...sending, body: batch, handle: acceptBatch }),
  previewEmail: route({ method: 'POST', path: '/emails/preview', ...sending, body: one, handle: previewEmail }),
  rescheduleEmail: route({
    method: 'PATCH',
    path: '/emails/{id}',
    scope,
    body: json(RescheduleRequest),
    handle: rescheduleScheduled,
  }),
  cancelEmail: route({ method: 'POST', path: '/emails/{id}/cancel', scope, handle: cancelEmail }),
  replayEmail: route({ method: 'POST', path: '/emails/{id}/replay', scope, handle: replayOne }),
  replayEmails: route({ method: 'POST', path: '/emails/replay', scope, body: json(ReplayRequest), handle: replayMany }),
  eraseRecipient: route({
    method: 'POST',
    path: '/recipients/erase',
    scope,
    body: json(EraseRequest),
    handle: eraseOne,
  }),
};
