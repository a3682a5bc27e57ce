import { describe, expect, it } from 'vitest';
import { parseReply, type SmtpReply } from '../../lib/mail/smtp-reply.ts';
import { failover, isRelayTrouble } from './failover.ts';
import type { AttemptResult, Stage } from './outcome.ts';

const [a, b] = ['a@example.com', 'b@example.com'];
const reply = (text: string) => parseReply(text) as SmtpReply;
const of = (refused: Record<string, string>) =>
  new Map(Object.entries(refused).map(([recipient, text]) => [recipient, reply(text)]));
const accepted = (refused = {}): AttemptResult => ({ ended: 'accepted', reply: reply('250 ok'), refused: of(refused) });
const refused = (stage: Stage, text: string, each = {}): AttemptResult => ({
  ended: 'refused',
  stage,
  reply: reply(text),
  refused: of(each),
});
const lost = (stage: Stage, transmitted = false, each = {}): AttemptResult => ({
  ended: 'lost',
  stage,
  transmitted,
  timed_out: false,
  reason: 'gone',
  refused: of(each),
});

describe('what follows for the relays', () => {
  it.each<[string, AttemptResult, 'done' | 'try_next', boolean]>([
    ['taken', accepted(), 'done', false],
    ['taken for one, deferred for the other', accepted({ [b]: '450 later' }), 'done', false],
    ['taken for one, refused for the other', accepted({ [b]: '550 no' }), 'done', false],
    ['cannot connect', lost('connect'), 'try_next', true],
    ['bad certificate', lost('tls'), 'try_next', true],
    ['STARTTLS refused', refused('tls', '454 4.7.0 no'), 'try_next', true],
    ['greeting says no', refused('connect', '554 5.3.2 no'), 'try_next', true],
    ['greeting says later', refused('connect', '421 busy'), 'try_next', true],
    ['wrong password', refused('auth', '535 5.7.8 wrong'), 'try_next', true],
    ['authentication wanted', refused('envelope', '530 5.7.0 authenticate'), 'try_next', true],
    ['will not relay for us', refused('envelope', '554 5.7.1 <b@x>: Relay access denied'), 'try_next', true],
    ['account over its limit', refused('data', '550 5.4.5 Daily user sending limit exceeded'), 'try_next', true],
    ['sender not verified', refused('data', '554 Message rejected: Email address is not verified'), 'try_next', false],
    ['too fast', refused('data', '454 Throttling failure: Maximum sending rate exceeded'), 'try_next', false],
    ['lost before the end of the message', lost('data'), 'try_next', true],
    ['lost after the end of the message', lost('data', true), 'done', true],
    ['sender deferred', refused('envelope', '451 4.7.1 later'), 'try_next', false],
    ['sender refused', refused('envelope', '550 5.7.1 no'), 'done', false],
    ['all deferred', refused('envelope', '450 l', { [a]: '450 l', [b]: '451 l' }), 'try_next', false],
    ['one refused, the other deferred', refused('envelope', '450 l', { [a]: '550 n', [b]: '450 l' }), 'done', false],
    ['4xx to the final dot', refused('data', '451 4.3.0 later'), 'try_next', false],
    ['421 to the final dot', refused('data', '421 4.3.2 closing'), 'try_next', true],
    ['4xx to the final dot, one recipient refused', refused('data', '451 later', { [b]: '550 no' }), 'done', false],
    ['5xx to the final dot', refused('data', '554 5.6.0 no'), 'done', false],
    ['lost before the end, one recipient refused', lost('data', false, { [b]: '550 no' }), 'done', true],
    ['a trouble of ours', { ended: 'abandoned', reason: 'claim lost', error: new Error() }, 'done', false],
  ])('%s', (_what, result, next, trouble) => {
    expect(failover(result, [a, b])).toBe(next);
    expect(isRelayTrouble(result)).toBe(trouble);
  });
});
