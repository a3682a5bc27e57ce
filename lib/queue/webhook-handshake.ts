// What a sender of CloudEvents asks before it pushes: may it (CloudEvents, HTTP 1.1 Web Hooks for Event Delivery, §4).
import type { IncomingHttpHeaders } from 'node:http';
import { ApiError } from '../http/errors.ts';
import type { Reply } from '../http/exchange.ts';
import { headerWithin } from '../http/size-limits.ts';

/** Characters of a host's name, and of its port. */
const maxOrigin = 253 + 6;
const hostName = /^[A-Za-z0-9.-]+(:\d{1,5})?$/;

/**
 * Whoever reaches this route may push, as often as it says that it will: a push has no more rights than its ids have rows. A
 * `WebHook-Request-Callback` is not called: it is an address that a stranger gave, and the answer has said it all.
 */
export function handshake(headers: IncomingHttpHeaders): Reply {
  const allow = { allow: 'POST, OPTIONS' };
  const asked = headers['webhook-request-origin'];
  if (asked === undefined) return { status: 200, headers: allow };
  const origin = headerWithin(asked, maxOrigin) ?? '';
  if (!hostName.test(origin))
    throw new ApiError('malformed_request', "WebHook-Request-Origin must be a host's name, as in events.example.com.");
  const rate = headerWithin(headers['webhook-request-rate'], 9) ?? '';
  return {
    status: 200,
    headers: {
      ...allow,
      'webhook-allowed-origin': origin,
      'webhook-allowed-rate': /^[1-9]\d{0,8}$/.test(rate) ? rate : '*',
    },
  };
}
