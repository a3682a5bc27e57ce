import { describe, expect, it } from 'vitest';
import { readNotice } from './notice.ts';
import { mask, recipientsIn } from './notice-recipients.ts';
import { bounceRules, delayRules, endRules, gaveUpRules, noticeRules, recipientRules } from './notice-rules.ts';

describe('rules of recipients', () => {
  it.each(recipientRules)('$sample: tier $tier', (rule) => {
    const { text } = mask(rule.sample);
    expect(recipientRules.find(({ match }) => match.test(text))).toBe(rule);
    expect(recipientsIn([rule.sample], new Set()).map(({ recipient }) => recipient)).toEqual(['a@example.com']);
  });

  it.each([
    ['<a@example.com>', 'b@example.com'],
    ['<c@example.com>', 'You are not a member of this mailing list <a@example.com>.'],
    ['To: b@example.com', '<a@example.com>: host said: 550 no'],
    ['We could not deliver your message to b@example.com', 'Recipient: a@example.com'],
  ])('a line of a higher tier counts: %s, %s', (...lines) => {
    const [certain] = recipientsIn(lines, new Set(['b@example.com']));
    expect(certain?.recipient).toBe('a@example.com');
  });

  it('the sender, and who helps, count where nobody else is named', () => {
    const lines = ['For help write to postmaster@example.com', 'Message from b@example.com to a@example.com'];
    expect(recipientsIn(lines, new Set(['b@example.com'])).map(({ recipient }) => recipient)).toEqual([
      'a@example.com',
    ]);
    expect(recipientsIn(['Recipient: b@example.com'], new Set(['b@example.com']))).toHaveLength(1);
  });
});

describe.each(Object.entries({ endRules, delayRules, gaveUpRules, noticeRules, bounceRules }))('%s', (_name, rules) => {
  it.each(rules)('$sample', (rule) => {
    expect(rules.find(({ match }) => match.test(rule.sample))).toBe(rule);
  });
});

describe('the end of a notice', () => {
  it.each(endRules.map(({ sample }) => sample))('%s', (sample) => {
    const { lines, returned } = readNotice(`Sorry\n\n${sample}\n\nMessage-ID: <1@example.com>\nSubject: a\n`);
    expect(lines).toEqual(['Sorry', '']);
    expect(returned.get('message-id') ?? []).toEqual(sample.includes(': ') ? expect.any(Array) : ['<1@example.com>']);
  });

  it('is where a head begins that nothing announces', () => {
    const head = 'From: b@example.com\nTo: a@example.com\nSubject: a\nMessage-ID: <1@example.com>\n';
    expect(readNotice(`Sorry\n${head}`).returned.get('message-id')).toEqual(['<1@example.com>']);
    expect(readNotice('Your message\n  Subject: a\n  To: b\nwas lost').lines).toHaveLength(4);
  });
});
