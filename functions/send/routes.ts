// The routes of the send function.
import pLimit from 'p-limit';
import type { AccessToken, Scope } from '../../lib/auth/access-token.ts';
import type { Reply, Request } from '../../lib/http/exchange.ts';
import type { Route } from '../../lib/http/route.ts';
import { acceptBatch } from './accept-batch.ts';
import { type AcceptDependencies, acceptEmail } from './accept-email.ts';
import { type CancelDependencies, cancelEmail } from './cancel-email.ts';
import { type EraseDependencies, eraseOne } from './erase-recipient.ts';
import { type PreviewDependencies, previewEmail } from './preview-email.ts';
import { type ReplayDependencies, replayMany, replayOne } from './replay-emails.ts';
import { type RescheduleDependencies, rescheduleScheduled } from './reschedule-email.ts';

export interface SendDependencies
  extends AcceptDependencies,
    CancelDependencies,
    RescheduleDependencies,
    ReplayDependencies,
    EraseDependencies,
    PreviewDependencies {
  checkToken: (authorization: string | undefined, scope: Scope) => Promise<AccessToken>;
}

/**
 * Batches that are read and written at once; the others wait as the bytes they came in. Those are two statements full, and the next
 * two made ready meanwhile; more would only fill the memory with emails that wait.
 */
const batchesAtOnce = 16;

const accepts = ['application/json'] as const;

export function createSendRoutes(dependencies: SendDependencies): Route[] {
  type Story = (request: Request, client: AccessToken, dependencies: SendDependencies) => Promise<Reply>;
  /** A route for clients with the scope `email`. */
  const authorized = (story: Story) => async (request: Request) => {
    const client = await dependencies.checkToken(request.headers.authorization, 'email');
    return story(request, client, dependencies);
  };
  const limit = pLimit(batchesAtOnce);
  const acceptInTurn: Story = (...batch) => limit(() => acceptBatch(...batch));
  return [
    { method: 'POST', path: '/send', accepts, handle: authorized(acceptEmail) },
    { method: 'POST', path: '/send/batch', accepts, handle: authorized(acceptInTurn) },
    // The names other mail APIs use.
    { method: 'POST', path: '/emails', accepts, handle: authorized(acceptEmail) },
    { method: 'POST', path: '/emails/batch', accepts, handle: authorized(acceptInTurn) },
    { method: 'POST', path: '/emails/preview', accepts, handle: authorized(previewEmail) },
    { method: 'PATCH', path: '/emails/{id}', accepts, handle: authorized(rescheduleScheduled) },
    { method: 'POST', path: '/emails/{id}/cancel', handle: authorized(cancelEmail) },
    { method: 'POST', path: '/emails/{id}/replay', handle: authorized(replayOne) },
    { method: 'POST', path: '/emails/replay', accepts, handle: authorized(replayMany) },
    { method: 'POST', path: '/recipients/erase', accepts, handle: authorized(eraseOne) },
  ];
}
