import { describe, expect, it } from 'vitest';
import { checkBody } from '../../lib/http/request-body.ts';
import { ReplayRequest } from './replay-request.ts';

function parse(body: unknown) {
  const { limit, ...filter } = checkBody(ReplayRequest, body);
  return { filter, limit };
}

describe('ReplayRequest', () => {
  it.each<[object, object]>([
    [{}, { filter: { status: ['failed'] }, limit: 100 }],
    [{ status: 'bounced' }, { filter: { status: ['bounced'] }, limit: 100 }],
    [
      { status: ['unknown', 'expired', 'canceled'], limit: 1_000 },
      { filter: { status: ['unknown', 'expired', 'canceled'] }, limit: 1_000 },
    ],
    [
      { since: '2026-01-31T12:00:00Z', until: '2026-02-01T00:00:00+01:00', recipient: 'a@Example.COM' },
      {
        filter: {
          status: ['failed'],
          since: new Date('2026-01-31T12:00:00Z'),
          until: new Date('2026-01-31T23:00:00Z'),
          recipient: 'a@example.com',
        },
        limit: 100,
      },
    ],
  ])('takes %j', (body, request) => {
    expect(parse(body)).toEqual(request);
  });

  it.each<[unknown, string[]]>([
    [[], ['']],
    [null, ['']],
    [{ status: 'sent' }, ['status']],
    [{ status: 'suppressed' }, ['status']],
    [{ status: [] }, ['status']],
    [{ status: ['failed', 'queued'] }, ['status[1]']],
    [{ limit: 0 }, ['limit']],
    [{ limit: 1_001 }, ['limit']],
    [{ limit: 1.5 }, ['limit']],
    [{ limit: '5' }, ['limit']],
    [{ since: 'today', until: 7 }, ['since', 'until']],
    [{ recipient: 'a@example.com, b@example.com' }, ['recipient']],
    [{ id: 'x', ids: [] }, ['id', 'ids']],
  ])('refuses %j', (body, paths) => {
    const faults = () => {
      try {
        parse(body);
      } catch (error) {
        return (error as { errors: { path: string }[] }).errors.map(({ path }) => path);
      }
      return [];
    };
    expect(faults()).toEqual(paths);
  });
});
