// The id of a request (`X-Request-Id`): in its answer, in problem details, in log lines, and with every function that it passes.
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export const requestIdHeader = 'x-request-id';
/** Letters that need no quotes anywhere: in logs, in shells, in URLs. infra/gateway/Caddyfile has the same. */
const form = /^[\w.~:+/=-]{1,128}$/;

/** The caller's, where it has the form of one; else one of ours. Of two, which Node joins with a comma, neither is. */
export function requestIdOf({ [requestIdHeader]: given }: IncomingHttpHeaders): string {
  return typeof given === 'string' && given.length <= 128 && form.test(given) ? given : randomUUID();
}
