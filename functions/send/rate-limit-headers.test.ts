import { describe, expect, it } from 'vitest';
import { toRateLimits } from '../../lib/store/clients/rate-limits.ts';
import { rateLimitHeaders } from './rate-limit-headers.ts';

const none = { rate: null, capacity: null, tokens: null, quota: null, used_today: 0, day_ends_in_s: 0 };
const rate = { rate: 5, capacity: 5, tokens: 1.5 };
const quota = { quota: 100, used_today: 40, day_ends_in_s: 3_599.2 };

describe('the headers of limits', () => {
  it('tell of each limit and its window, and the older ones of the limit that is nearest to its end', () => {
    expect(rateLimitHeaders(toRateLimits({ ...none, ...rate, ...quota }))).toEqual({
      'ratelimit-policy': '"rate";q=5;w=1, "quota";q=100;w=86400',
      ratelimit: '"rate";r=1;t=1, "quota";r=60;t=3600',
      'ratelimit-limit': '5',
      'ratelimit-remaining': '1',
      'ratelimit-reset': '1',
    });
  });

  it.each([
    ['less than one a second', { rate: 0.3, capacity: 1, tokens: 0 }, '"rate";q=1;w=4', '"rate";r=0;t=4'],
    ['a part of an email', { rate: 2.5, capacity: 2.5, tokens: -4 }, '"rate";q=2;w=1', '"rate";r=0;t=3'],
    ['a quota alone', quota, '"quota";q=100;w=86400', '"quota";r=60;t=3600'],
    ['a quota that is used up', { ...quota, used_today: 120 }, '"quota";q=100;w=86400', '"quota";r=0;t=3600'],
  ])('%s', (_what, row, policy, left) => {
    const headers = rateLimitHeaders(toRateLimits({ ...none, ...row }));
    expect([headers['ratelimit-policy'], headers.ratelimit]).toEqual([policy, left]);
  });

  it('of a refusal tell, in the older form, of the limit that refused', () => {
    const headers = rateLimitHeaders(toRateLimits({ ...none, ...rate, ...quota }), 'quota');
    expect(headers['ratelimit-limit']).toBe('100');
    expect(headers.ratelimit).toContain('"rate"');
  });

  it('are not there for a client without limits', () => {
    expect(rateLimitHeaders(null)).toEqual({});
    expect(rateLimitHeaders(toRateLimits(none))).toEqual({});
  });
});
