import { describe, expect, it } from 'vitest';
import { failover, isRelayTrouble } from './failover.ts';
import { classify } from './outcome.ts';
import { refuseSmtpUtf8 } from './smtputf8.ts';

describe('refuseSmtpUtf8', () => {
  it.each([
    ['ASCII', 'a@example.com', ['b@xn--exmple-cua.com'], []],
    ['a relay that offers it', 'jörg@example.com', ['用户@example.com'], ['SIZE', 'SMTPUTF8']],
  ])('lets %s through', (_what, from, to, extensions) => {
    expect(refuseSmtpUtf8({ from, to }, extensions)).toBeUndefined();
  });

  it('looks at the head of the message, too', () => {
    const envelope = { from: 'a@example.com', to: ['b@example.com'] };
    expect(refuseSmtpUtf8(envelope, ['SMTPUTF8'], 'jörg@example.com')).toBeUndefined();
    expect(refuseSmtpUtf8(envelope, ['8BITMIME'], 'jörg@example.com')).toMatchObject({
      reply: { code: 553, text: expect.stringContaining('the address jörg@example.com needs') },
    });
  });

  it.each([
    ['a recipient', 'a@example.com', ['b@example.com', '用户@example.com'], '用户@example.com'],
    ['the sender', 'jörg@example.com', ['b@example.com'], 'jörg@example.com'],
  ])('bounces an email when %s needs what the relay does not offer', (_what, from, to, address) => {
    const result = refuseSmtpUtf8({ from, to }, ['8BITMIME']);
    expect(result && classify(result, to)).toMatchObject({
      status: 'bounced',
      category: 'address',
      reply: { code: 553, enhanced_code: '5.6.7', text: expect.stringContaining(address) },
    });
    // Another relay may offer it, and this one is none the worse for it.
    expect(result && failover(result, to)).toBe('try_next');
    expect(result && isRelayTrouble(result)).toBe(false);
  });
});
