// The routes of the send function.
import type { AccessToken, Scope } from '../../lib/access-token.ts';
import type { Reply, Request, Route } from '../../lib/http.ts';
import { type AcceptDependencies, acceptEmail } from './accept-email.ts';

export interface SendDependencies extends AcceptDependencies {
  checkToken: (authorization: string | undefined, scope: Scope) => Promise<AccessToken>;
}

const accepts = ['application/json'] as const;

export function createSendRoutes(dependencies: SendDependencies): Route[] {
  const handle = async (request: Request): Promise<Reply> => {
    const client = await dependencies.checkToken(request.headers.authorization, 'email');
    return acceptEmail(request, client, dependencies);
  };
  return [
    { method: 'POST', path: '/send', accepts, handle },
    // The name other mail APIs use.
    { method: 'POST', path: '/emails', accepts, handle },
  ];
}
