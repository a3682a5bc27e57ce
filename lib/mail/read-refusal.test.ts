import { describe, expect, it } from 'vitest';
import { leastMs } from '../../infra/test/cost.ts';
import { readRefusal, ruleFor } from './read-refusal.ts';
import { rules } from './reply-rules.ts';
import { parseReply, type SmtpReply } from './smtp-reply.ts';

const reply = (text: string) => parseReply(text) as SmtpReply;
const isHard = (text: string, stage: 'envelope' | 'data') => readRefusal({ ...reply(text), stage }).hard;

describe('rules', () => {
  it.each(rules)('$sample: $means', (rule) => {
    expect(ruleFor({ ...reply(rule.sample), stage: rule.stage ?? 'envelope' })).toBe(rule);
  });

  it('without any that matches: nothing is known', () => {
    expect(ruleFor(reply('550 hm'))).toBeUndefined();
    expect(readRefusal(reply('550 hm'))).toMatchObject({
      means: 'unknown',
      category: 'other',
      permanent: true,
      hard: false,
    });
  });

  it.each(
    [1, 10, 100].flatMap((times) =>
      [
        'sender ',
        'domain ',
        'user ',
        'mailbox ',
        '5.1.1 ',
        '(#5.1.',
        'a@',
        '@',
        'a',
        'https://',
        ' ',
        '\0',
        '550 ',
      ].map((piece) => [piece, times] as const),
    ),
  )('%j over and over, %i times as long as a reply: read in a few milliseconds', (piece, times) => {
    const text = `550 ${piece.repeat((1_000 * times) / piece.length)}`;
    const read = () => {
      readRefusal(reply(text));
      readRefusal({ code: 550, enhanced_code: null, text });
    };
    expect(leastMs(read, 5)).toBeLessThanOrEqual(5);
  });
});

describe('trouble of our account at the relay', () => {
  it.each([
    '550-5.4.5 Daily SMTP relay sending limit exceeded for this customer',
    '550 5.4.5 Daily user sending quota exceeded. b@example.com - gsmtp',
    '421 4.7.0 Peak SMTP relay limit exceeded for this customer',
    '550 5.7.0 Mail relay denied [192.0.2.1]. Invalid credentials for relay for one of the domains',
    '550-5.7.1 Invalid credentials for relay [192.0.2.1].\r\n550 5.7.1 The IP address does not match',
    '550 Domain example.com has exceeded the max emails per hour (500/500 (100%)) allowed.  Message discarded.',
    '550-(host.example.com) [192.0.2.1]:4321 is not permitted to relay through this server without authentication.',
    '550-Please turn on SMTP Authentication in your mail client.\r\n550 relaying was refused',
    '503 This mail server requires authentication when attempting to send to a non-local e-mail address',
    '550 5.7.1 Client was not authenticated',
    '530 SMTP authentication is required.',
    '550 From domain must match authenticated domain',
    '501 Mail from address must be same as authorization user.',
    '553 Mail from must equal authorized user',
    '553 5.7.1 <b@example.com>: Sender address rejected: not logged in',
    '553 5.7.1 Sender address rejected: not owned by auth user.',
    '550 5.7.60 SMTP; Client does not have permissions to send as this sender',
    "550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
    '550 5.7.501 Service unavailable. Spam abuse detected from IP range.',
    '550 5.7.705 Access denied, tenant has exceeded threshold',
    '550 5.7.750 Service unavailable. Client blocked from sending from unregistered domains.',
    '550 5.1.8 Access denied, bad outbound sender',
    '554 5.2.0 STOREDRV.Submission.Exception:OutboundSpamException; Failed to process message',
    '550 5.7.64 TenantAttribution; Relay Access Denied',
    '554 Message rejected: Email address is not verified.',
    '554 Message rejected: Sending paused for this account. For more information, please check the inbox',
    '454 Throttling failure: Daily message quota exceeded.',
    '554 Relay rejected for policy reasons.',
    '550 5.7.1 <a@example.com>... Relaying denied. Proper authentication required.',
    '553 Relaying disallowed as b@example.com',
    '553 5.7.1 Sender is not allowed to relay emails',
    '454 4.7.1 <a@example.com>: Relay access denied',
    "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
    "553 sorry, that domain isn't in my list of allowed rcpthosts; no valid cert for gatewaying (#5.7.1)",
    '550 The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved',
    '550 Domain mg.example.com is not allowed to send: Free accounts are for test purposes only.',
    '421 Domain mg.example.com is not allowed to send: recipient limit exceeded. try again after an hour',
    "550 5.7.1 The 'From' address you supplied is not a Sender Signature on your account.",
    '502 5.7.0 Your SMTP account is not yet activated. Please contact us',
    '525 5.7.1 Unauthorized IP address',
    '550 Sending has been rejected because the sender you used b@example.com is not valid.',
    '450 Requested mail action not taken: mailbox unavailable. Mail send limit exceeded.',
    '550 User b@example.com has exceeded its 24-hour sending limit. Messages to 500 recipients out of 500 allowed',
    '552 Message would take you over your relay quota of 500. Current quota used: 487',
    '550 The example.com domain is not verified. Please, add and verify your domain',
    '550 5.7.0 From address is not one of your addresses',
    '551 5.7.1 Not authorised to send from this header address',
    '550 5.7.0 Requested action not taken: too many emails per second',
    '550 5.7.1 Your account has been suspended',
    '451 Authentication failed: Maximum credits exceeded',
    '553 you are trying to use me [mx.example.com] as a relay, but I have not been configured to let you do this',
    '551 Requested action not taken: not local user, not authorized to relay',
    '550 5.7.30 Basic authentication is not supported for Client Submission',
    '550 5.7.1 Mail quota exceeded',
    '550 5.7.1 hourly limit for this account is reached',
    '550 5.7.1 unverified sender',
    '550 5.1.1 relaying denied',
  ])('%s: another relay may take it', (text) => {
    for (const stage of ['envelope', 'data'] as const) {
      expect(readRefusal({ ...reply(text), stage })).toMatchObject({
        whose: 'relay_account',
        category: 'relay_account',
        permanent: false,
        hard: false,
      });
    }
  });

  it.each([
    ['550 5.4.5 Daily user sending limit exceeded', true],
    ['550 Authentication is required for relay', true],
    ['554 Message rejected: Email address is not verified', false],
    ['550 Domain example.com has exceeded the max emails per hour (5/5 (100%)) allowed', false],
    ['454 Throttling failure: Maximum sending rate exceeded', false],
    ['550 5.1.1 no such user', false],
  ])('%s: the relay takes nothing of ours: %s', (text, closes) => {
    expect(readRefusal(reply(text)).closes_relay).toBe(closes);
  });

  it.each([
    [
      'a group that wants senders of its own',
      '550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required',
    ],
    ['SPF', '550 5.7.23 192.0.2.1 is not allowed to send mail from example.com'],
    ['DMARC', '550 5.7.26 Unauthenticated email from example.com is not accepted due to DMARC policy'],
    ['a mailbox', '550 5.2.2 User has exceeded its mailbox quota'],
    ['an inactive mailbox', '550 This account is inactive'],
    [
      'a mailbox that is written to too often',
      '550 5.2.122 The recipient has exceeded their limit for messages per day',
    ],
    ['a recipient that the relay itself suppresses', '550 5.7.1 Found inactive addresses: b@example.com'],
    ['a sender that the other side looks up', '450 4.1.7 <a@example.com>: Sender address rejected: unverified address'],
    ['a word alone', '550 5.7.1 denied by the relay team'],
  ])('%s is not: %s', (_what, text) => {
    expect(readRefusal(reply(text)).whose).not.toBe('relay_account');
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
    '550 sorry, no mailbox here by that name (#5.1.1)',
    '550 Unknown user <b@example.com>',
    '550 <spam@example.com>: User unknown',
    '550 5.1.1 User unknown, see https://example.com/spam-policy',
    '550 5.4.1 Recipient address rejected: Access denied. AS(201806281)',
    '550 5.4.310 DNS domain example.com does not exist',
    '550 5.1.351 Remote server returned unknown recipient or mailbox unavailable',
    "554 delivery error: dd This user doesn't have an example.com account",
    '550 5.2.1 <b@example.com>... User unknown',
    '550 5.7.1 No such user!',
    '554 delivery error: dd Not a valid recipient',
    '550 5.1.1 <b@example.com>: undeliverable address: host mx.example.com[192.0.2.1] said: 550 5.1.1 User unknown (in reply to RCPT TO command)',
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
    ['a rate, with a code of addresses', '550 5.1.1 192.0.2.1 has sent to too many recipients this hour'],
    ['a rate of one mailbox', '550 5.2.1 The user is receiving mail at a rate that prevents additional messages'],
    ['a rate, in other words', '550 Ip frequency limited'],
    ['a quota', '550 5.1.1 user is over quota'],
    ['a quota, in another language', '552 5.1.1 Boite du destinataire pleine. Recipient overquota'],
    ['a domain, with a code of policy', '551 5.7.1 Domain not found'],
    ['a full mailbox, with a code of addresses', '550 5.1.1 <b@example.com>: Mailbox is full'],
    ['a disk that is full', '550 Error: insufficient system storage'],
    ['DNS', '550 5.1.2 DNS lookup failure for example.com'],
    [
      'DNS, at another place',
      '550 5.4.4 Name service error for name=example.com type=MX: Malformed or unexpected name server reply',
    ],
    ['a virus', '550 5.1.1 virus found in your message'],
    ['content', '550 Message content rejected'],
    ['spoofing', '550 5.1.1 rejected by the DMARC policy of example.com'],
    ['SPF', '550 SPF check failed: 192.0.2.1 is not allowed to send mail from example.com'],
    ['reverse DNS', '550 Reverse DNS lookup for 192.0.2.1 failed'],
    ['policy, with a code of addresses', '550 5.1.1 Refused due to recipient preferences'],
    [
      'a blocklist, with a code of mailboxes',
      '550 5.2.1 Mailbox unavailable. Your IP address 192.0.2.1 is blacklisted',
    ],
    ['greylisting', '550 5.1.1 Greylisted, please come back in 5 minutes'],
    ['what passes', '550 5.1.1 User temporarily unavailable, try again later'],
    ['a locked mailbox', '550 5.7.1 <b@example.com>: User locked. Please try again later'],
    ['a mailbox that does not say why', '550 5.2.1 not now'],
    [
      'a sender that is not there',
      '550-Verification failed for <a@example.com>\r\n550-No Such User Here\r\n550 Sender verify failed',
    ],
    ['a sender, with a code of addresses', '550 5.1.1 Sender address rejected: User unknown'],
    ["a sender's domain", '553 5.1.8 <a@example.com>... Domain of sender address a@example.com does not exist'],
    ['a host that is not known', '550 mail from unknown host is refused'],
    ['a line that broke', '554 5.4.6 too many hops'],
    ['a system in trouble', '554 5.3.0 unknown mailer error'],
    ['words that say nothing', '550 rejected'],
    ['what is temporary by its reply', '450 5.1.1 contradicts itself'],
  ])('%s is none', (_what, text) => {
    expect(isHard(text, 'envelope')).toBe(false);
  });

  it('is said of a whole message by its enhanced code alone', () => {
    expect(isHard('550 5.1.1 no such user', 'data')).toBe(true);
    expect(isHard('550 no such user', 'data')).toBe(false);
  });

  it.each([
    "554 delivery error: dd This user doesn't have an example.com account",
    '550 The email account that you tried to reach does not exist',
    '550 RESOLVER.ADR.RecipNotFound; not found',
    '542 b@example.com Rejected',
    '550 5.7.27 Host does not accept mail',
  ])('%s: of a whole message, too, as its words can be about nothing else', (text) => {
    expect(isHard(text, 'data')).toBe(true);
  });

  it.each([
    '550 Recipient b@example.com was not found in LDAP',
    '550 There is no one at this address',
    '553 sorry, your envelope recipient is in my badrcptto list',
    '550 Empfänger unbekannt',
    '550 Utilisateur inconnu',
    '550 No existe dicha persona',
    '550 Destinatario sconosciuto',
    '521 5.3.2 System not accepting network messages',
    '550 Domain is not reachable',
    '550 Name server: .: host not found',
  ])('%s: yes, at RCPT TO', (text) => {
    expect(isHard(text, 'envelope')).toBe(true);
  });

  it.each([
    '550 5.4.4 Host not found, try again',
    '550 Sender address b@example.com was not found',
    '521 5.3.2 Your IP is blocked',
    '550 Message not found to be acceptable',
    '550 The file was not found',
  ])('%s: no', (text) => {
    expect(isHard(text, 'envelope')).toBe(false);
  });

  it.each([
    [null, '5.1.1', '', true],
    [null, null, 'User unknown', true],
    [null, '4.1.1', 'User unknown', false],
    [null, '5.2.2', 'User unknown', false],
    [450, null, 'User unknown', false],
  ])('in a bounce that tells of code %j, %j and %j: %j', (code, enhanced_code, text, hard) => {
    expect(readRefusal({ code, enhanced_code, text }).hard).toBe(hard);
  });
});

describe('a refusal for good', () => {
  it.each([
    ['a message that is too large', '552 5.3.4 Message too large', true],
    ['… without a code', '552 message size exceeds the maximum', true],
    ['… for this mailbox', '550 5.2.3 message too large for this recipient', true],
    ['a mailbox that is full', '552 5.2.2 full', true],
    ['content', '550 5.6.0 content rejected', true],
    ['too many recipients', '552 too many recipients', false],
    ['commands out of order', '503 bad sequence', false],
    ['greylisting', '550 greylisted', false],
    ['a rate', '550 rate limit exceeded', false],
    ['what says that it passes', '554 Service currently unavailable', false],
  ])('%s: %s is one: %s', (_what, text, permanent) => {
    expect(readRefusal({ ...reply(text), stage: 'envelope' })).toMatchObject({ permanent, hard: false });
  });
});
