import { describe, expect, it } from 'vitest';
import { parseReply, type SmtpReply } from '../../lib/mail/smtp-reply.ts';
import { type AttemptResult, classify, type Stage } from './outcome.ts';

const reply = (text: string): SmtpReply => parseReply(text) as SmtpReply;
const none = new Map<string, SmtpReply>();
const refused = (stage: Stage, text: string): AttemptResult => ({
  ended: 'refused',
  stage,
  reply: reply(text),
  refused: none,
});
const lost = (stage: Stage, transmitted: boolean, timed_out = false, refused = none): AttemptResult => ({
  ended: 'lost',
  stage,
  transmitted,
  timed_out,
  reason: 'gone',
  refused,
});

describe('classify, one recipient', () => {
  it.each<[string, AttemptResult, string, string]>([
    ['taken', { ended: 'accepted', reply: reply('250 2.0.0 ok'), refused: none }, 'sent', 'accepted'],
    ['no such mailbox', refused('envelope', '550 5.1.1 no such user'), 'bounced', 'address'],
    ['mailbox full', refused('envelope', '452 4.2.2 full'), 'deferred', 'mailbox'],
    ['mailbox full for good', refused('envelope', '552 5.2.2 full'), 'bounced', 'mailbox'],
    ['too many recipients', refused('envelope', '552 too many recipients'), 'deferred', 'other'],
    ['greylisted', refused('envelope', '450 4.7.1 try later'), 'deferred', 'policy'],
    ['refused as spam after DATA', refused('data', '550 5.7.1 spam'), 'bounced', 'policy'],
    ['content refused for now', refused('data', '451 4.6.0 later'), 'deferred', 'content'],
    ['no enhanced code', refused('data', '554 no'), 'bounced', 'other'],
    ['shutting down', refused('data', '421 4.3.2 closing'), 'deferred', 'mail_system'],
    ['out of order', refused('envelope', '503 bad sequence'), 'deferred', 'other'],
    ['greeting says no', refused('connect', '554 5.3.2 go away'), 'deferred', 'mail_system'],
    ['wrong password', refused('auth', '535 5.7.8 wrong'), 'deferred', 'relay_account'],
    ['authentication wanted', refused('envelope', '530 5.7.0 authentication required'), 'deferred', 'relay_account'],
    ['TLS refused', refused('tls', '454 4.7.0 TLS not available'), 'deferred', 'tls'],
    ['connect refused', lost('connect', false), 'deferred', 'connection'],
    ['bad certificate', lost('tls', false), 'deferred', 'tls'],
    ['lost before the end of DATA', lost('data', false), 'deferred', 'connection'],
    ['lost after the end of DATA', lost('data', true), 'unknown', 'outcome_unknown'],
    ['silent at connect', lost('connect', false, true), 'deferred', 'timeout'],
    ['silent before the end of DATA', lost('data', false, true), 'deferred', 'timeout'],
    ['silent after the end of DATA', lost('data', true, true), 'unknown', 'outcome_unknown'],
    ['silent in the TLS handshake', lost('tls', false, true), 'deferred', 'tls'],
    ['credentials that cannot be used', lost('auth', false), 'deferred', 'relay_account'],
    ['account disabled', refused('envelope', '525 5.7.13 disabled'), 'deferred', 'relay_account'],
    [
      'Postfix does not know us',
      refused('envelope', '554 5.7.1 <a@b>: Relay access denied'),
      'deferred',
      'relay_account',
    ],
    ['Exim does not know us', refused('envelope', '550 relay not permitted'), 'deferred', 'relay_account'],
    ['Exchange does not know us', refused('envelope', '550 5.7.54 SMTP; Unable to relay'), 'deferred', 'relay_account'],
    ['a word alone is no relaying', refused('envelope', '550 5.7.1 denied by the relay team'), 'bounced', 'policy'],
    [
      'account over its limit',
      refused('data', '550 5.4.5 Daily user sending limit exceeded'),
      'deferred',
      'relay_account',
    ],
    [
      'sender not ours',
      refused('envelope', '553 5.7.1 Sender address rejected: not owned by user c'),
      'deferred',
      'relay_account',
    ],
    [
      'relay knows no such host',
      refused('envelope', "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"),
      'deferred',
      'relay_account',
    ],
    ['message too large', refused('envelope', '552 5.3.4 Message size exceeds fixed limit'), 'bounced', 'mail_system'],
    [
      'message too large, without a code',
      refused('envelope', '552 message size exceeds the maximum'),
      'bounced',
      'other',
    ],
    ['a rate', refused('envelope', '550 5.7.1 rate limit exceeded'), 'deferred', 'policy'],
    ['a code after the text', refused('envelope', '550 no mailbox here by that name (#5.1.1)'), 'bounced', 'address'],
    ['given up by us', { ended: 'abandoned', reason: 'claim lost', error: new Error() }, 'deferred', 'worker'],
  ])('%s', (_what, result, status, category) => {
    const outcome = classify(result, ['a@example.com']);
    expect(outcome).toMatchObject({ status, category });
    expect(outcome.recipients.get('a@example.com')?.status).toBe(status);
  });
});

describe('classify, several recipients', () => {
  const three = ['a@example.com', 'b@example.com', 'c@example.com'];
  const some = new Map([
    ['b@example.com', reply('550 5.1.1 unknown')],
    ['c@example.com', reply('450 4.2.0 later')],
  ]);

  it('says for each what became of it, and comes back for those deferred', () => {
    const outcome = classify({ ended: 'accepted', reply: reply('250 ok'), refused: some }, three);
    expect([...outcome.recipients.values()].map(({ status }) => status)).toEqual(['sent', 'bounced', 'deferred']);
    expect(outcome.status).toBe('deferred');
    expect(outcome.reply?.code).toBe(450);
  });

  it('is sent when nothing is left to do and one was taken', () => {
    const outcome = classify({ ended: 'accepted', reply: reply('250 ok'), refused: some }, three.slice(0, 2));
    expect(outcome.status).toBe('sent');
  });

  it('keeps what was said of one when the conversation ends otherwise for all', () => {
    const unknown = classify(lost('data', true, false, some), three);
    expect([...unknown.recipients.values()].map(({ status }) => status)).toEqual(['unknown', 'bounced', 'deferred']);
    expect(unknown).toMatchObject({ status: 'unknown', category: 'outcome_unknown', reply: null, reason: 'gone' });
    const deferred = classify({ ended: 'refused', stage: 'data', reply: reply('451 later'), refused: some }, three);
    expect([...deferred.recipients.values()].map(({ status }) => status)).toEqual(['deferred', 'bounced', 'deferred']);
  });

  it('bounces when all are refused for good', () => {
    const all = new Map(three.map((recipient) => [recipient, reply('550 5.1.1 unknown')]));
    const outcome = classify(
      { ended: 'refused', stage: 'envelope', reply: reply('550 5.1.1 unknown'), refused: all },
      three,
    );
    expect(outcome.status).toBe('bounced');
  });
});
