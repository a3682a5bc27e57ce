import { describe, expect, it } from 'vitest';
import { readRefusal, ruleFor } from './read-refusal.ts';
import { rules } from './reply-rules.ts';
import { parseReply, type SmtpReply } from './smtp-reply.ts';

const reply = (text: string) => parseReply(text) as SmtpReply;
const isHard = (text: string, stage: 'envelope' | 'data') => readRefusal({ ...reply(text), stage }).hard;

describe('rules', () => {
  it.each(rules)('$sample: $means', (rule) => {
    expect(ruleFor({ ...reply(rule.sample), stage: rule.stage ?? 'envelope' })).toBe(rule);
  });
});

describe('a hard bounce', () => {
  it.each([
    '550 5.1.1 <b@example.com>: Recipient address rejected: User unknown',
    '550 5.1.2 no such domain',
    '553 5.1.3 bad address syntax',
    '551 5.1.6 mailbox has moved',
    '556 5.1.10 recipient address has a null MX',
    '550 5.2.1 the mailbox is disabled',
    '550 No such user here',
    '550 Requested action not taken: mailbox unavailable',
    '551 User not local',
    '553 invalid mailbox name',
  ])('%s: yes, at RCPT TO', (text) => {
    expect(isHard(text, 'envelope')).toBe(true);
  });

  it.each([
    ['a mailbox that is full', '552 5.2.2 mailbox full'],
    ['full, without a code for it', '550 mailbox is full'],
    ['policy', '550 5.7.1 not accepted'],
    ['a sender that is refused', '550 5.1.8 bad sender domain'],
    ['a sender, without a code', '550 Sender verify failed'],
    ['content', '554 5.6.0 cannot convert'],
    ['size', '552 5.3.4 message too big'],
    ['an address that our relay cannot take', '553 5.6.7 SMTPUTF8 is needed'],
    ['another code of 5.2', '550 5.2.0 something'],
    ['a relay that will not relay', '550 relay not permitted'],
    ['… with a code of addresses', '550 5.1.1 relaying denied'],
    ['our account', '530 5.1.1 authentication required'],
    ['a blocklist', '550 rejected because 192.0.2.1 is in a black list at bl.example.test'],
    ['spam', '550 looks like spam'],
    ['too many recipients', '552 too many recipients'],
    ['a transaction that failed', '554 no'],
    ['what is temporary', '450 4.1.1 try again'],
    ['what is temporary by its reply', '450 5.1.1 contradicts itself'],
  ])('%s is none', (_what, text) => {
    expect(isHard(text, 'envelope')).toBe(false);
  });

  it('is said of a whole message by its enhanced code alone', () => {
    expect(isHard('550 5.1.1 no such user', 'data')).toBe(true);
    expect(isHard('550 no such user', 'data')).toBe(false);
  });
});
