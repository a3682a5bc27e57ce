// What refusals mean: one rule a line, each with a reply that it is for. The first rule that matches decides.

/** Whose trouble a refusal is, in the words of the API. */
export type RefusalCategory =
  | 'address'
  | 'mailbox'
  | 'mail_system'
  | 'network'
  | 'protocol'
  | 'content'
  | 'policy'
  | 'relay_account'
  | 'other';

interface MeaningOfRefusal {
  whose: 'recipient' | 'relay_account' | 'session' | 'unknown';
  /** Null: what the subject of the enhanced code says. */
  category: RefusalCategory | null;
  /** False: another attempt may succeed, even where the code says 5yz. */
  final: boolean;
  /** The address will never take mail. */
  hard: boolean;
}

export const meanings = {
  account_refused: { whose: 'relay_account', category: 'relay_account', final: false, hard: false },
  out_of_order: { whose: 'session', category: null, final: false, hard: false },
  too_many_recipients: { whose: 'session', category: null, final: false, hard: false },
  needs_smtputf8: { whose: 'unknown', category: 'address', final: true, hard: false },
  no_mailbox: { whose: 'recipient', category: null, final: true, hard: true },
  no_domain: { whose: 'recipient', category: null, final: true, hard: true },
  moved: { whose: 'recipient', category: null, final: true, hard: true },
  no_mail: { whose: 'recipient', category: null, final: true, hard: true },
  disabled: { whose: 'recipient', category: null, final: true, hard: true },
  something_else: { whose: 'unknown', category: null, final: true, hard: false },
} satisfies Record<string, MeaningOfRefusal>;

export type Meaning = keyof typeof meanings;

export interface Rule {
  /** Tried on the reply in one line: code, enhanced code or `-`, text. */
  match: RegExp;
  means: Meaning;
  /** The rule holds for refusals at this stage alone. */
  stage?: 'envelope';
  sample: string;
}

// biome-ignore format: one rule a line
export const rules: readonly Rule[] = [
  // RFC 4954 §6 and the codes that RFC 5248 gives to 5.7.10 and 5.7.13.
  { match: /^(523|525|530|534|535|538) /, means: 'account_refused', sample: '530 5.7.0 Authentication required' },
  // A relay that will not relay for us does not know us, whatever code it chose: Postfix, Exim and Exchange, in their words.
  { match: /^5.*(\brelay(ing)? (access )?(is )?(denied|not (permitted|allowed)|prohibited)|\bunable to relay\b)/i, means: 'account_refused', sample: '554 5.7.1 <a@example.com>: Relay access denied' },
  // Another session can fare better.
  { match: /^503 /, means: 'out_of_order', sample: '503 5.5.1 Bad sequence of commands' },
  // RFC 5321 §4.5.3.1.10: to be taken as 452, unless the enhanced code says otherwise.
  { match: /^552 (-|5\.5\.3) /, means: 'too_many_recipients', stage: 'envelope', sample: '552 too many recipients' },
  // Of the subject "content" by its number, but about an address that is not ASCII (RFC 6531 §3.5).
  { match: /^\d+ 5\.6\.7 /, means: 'needs_smtputf8', sample: '553 5.6.7 SMTPUTF8 is needed' },
  // RFC 3463 and the registry of RFC 5248.
  { match: /^5\d\d 5\.1\.1 /, means: 'no_mailbox', sample: '550 5.1.1 <a@example.com>: Recipient address rejected: User unknown' },
  { match: /^5\d\d 5\.1\.2 /, means: 'no_domain', sample: '550 5.1.2 Host unknown' },
  { match: /^5\d\d 5\.1\.3 /, means: 'no_mailbox', sample: '553 5.1.3 Bad address syntax' },
  { match: /^5\d\d 5\.1\.6 /, means: 'moved', sample: '551 5.1.6 Mailbox has moved' },
  { match: /^5\d\d 5\.1\.10 /, means: 'no_mail', sample: '556 5.1.10 Recipient address has null MX' },
  { match: /^5\d\d 5\.2\.1 /, means: 'disabled', sample: '550 5.2.1 The email account that you tried to reach is disabled' },
  // Without an enhanced code, 550 and its like are said of senders, contents and limits, too.
  { match: /^55[013] - .*(\b(black|block|deny|grey|gray)[ -]?list|\bblocked\b|\bspam|\b(dns|r)bl\b|\bpolic(y|ies)\b|\breputation\b|\bprohibit|\bsender|\bfrom\b|\b(spf|dkim|dmarc)\b|\bquota\b|\bfull\b|\btoo (many|large|big|much)\b|\bexceed|\bauth|\baccess denied\b|\bnot (permitted|allowed)\b|\breverse dns\b|\bhelo\b|\bgreeting\b|\btry again\b|\btemporar)/i, means: 'something_else', sample: '550 Sender verify failed' },
  // RFC 5321 §4.2.3: no such mailbox, not local, name not allowed.
  { match: /^55[013] - /, means: 'no_mailbox', sample: '550 No such user here' },
];
