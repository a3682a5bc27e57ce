// What is left of a client's limits, as headers of an answer: in the form of today's draft, and in that of earlier ones.
import type { LimitName, RateLimits } from '../../lib/store/clients/rate-limits.ts';

const dayInSeconds = 86_400;

/**
 * `RateLimit-Policy` and `RateLimit`, as draft-ietf-httpapi-ratelimit-headers has them since its version 08 (structured fields, RFC 9651): each
 * limit with its window, and what is left of it. Beside them the three fields of version 06, which most clients read. Those tell of one limit:
 * of the one that refused, or else of the one that is nearest to its end. All count emails.
 */
export function rateLimitHeaders(limits: RateLimits | null, refused?: LimitName): Record<string, string> {
  const { rate = null, rate_window_s = null, daily_quota = null } = limits ?? {};
  const all = [
    { name: 'rate', limit: rate, window_s: rate_window_s },
    { name: 'quota', limit: daily_quota, window_s: dayInSeconds },
  ].flatMap(({ limit, ...rest }) => (limit === null ? [] : [{ ...rest, ...limit }]));
  const [nearest] = all
    .filter(({ name }) => refused === undefined || name === refused)
    .sort((one, other) => one.remaining - other.remaining);
  if (nearest === undefined) return {};
  return {
    'ratelimit-policy': all.map(({ name, limit, window_s }) => `"${name}";q=${limit};w=${window_s}`).join(', '),
    ratelimit: all.map(({ name, remaining, reset_s }) => `"${name}";r=${remaining};t=${reset_s}`).join(', '),
    'ratelimit-limit': String(nearest.limit),
    'ratelimit-remaining': String(nearest.remaining),
    'ratelimit-reset': String(nearest.reset_s),
  };
}
