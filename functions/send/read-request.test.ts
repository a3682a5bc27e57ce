import { describe, expect, it } from 'vitest';
import { fingerprint } from './idempotency.ts';
import { readTasks } from './read-request.ts';

const email = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello', text: 'Hi' };
const now = new Date();
const read = (body: unknown, hasKey: boolean) =>
  readTasks.readEmail({ bytes: Buffer.from(JSON.stringify(body)), now, hasKey });

describe('the fingerprint of a large body', () => {
  it('is not made where no earlier request can have it: it costs as much as the rest', () => {
    expect(read(email, false).fingerprint).toBeUndefined();
    expect(
      readTasks.readBatch({ bytes: Buffer.from(JSON.stringify([email])), now, hasKey: false }).fingerprint,
    ).toBeUndefined();
  });

  it.each([
    ['a good one', email],
    ['a refused one', { ...email, to: 'nobody' }],
  ])('is that of the body as it came: %s', (_what, body) => {
    expect(read(body, true).fingerprint).toBe(fingerprint(body));
  });
});
