// How mail servers tell of a bounce in words: one rule a line, with a real line as its sample. In the order of certainty.

/** Finds the address of a recipient in a line; addresses are `@` there, and the one in brackets is meant. */
export interface RecipientRule {
  match: RegExp;
  /** Lines of a lower tier count only where no line of a higher one names a recipient. */
  tier: 0 | 1 | 2 | 3 | 4;
  sample: string;
}

// biome-ignore format: one rule a line
export const recipientRules: readonly RecipientRule[] = [
  // List servers; other addresses of theirs stand on lines of their own.
  { match: /\b(not a member of|duplicated message-id in|not (allowed|permitted) to post to)\b.{0,40}<(@)>/i, tier: 0, sample: 'You are not a member of this mailing list <a@example.com>.' },

  // Its own line, or the beginning of one.
  { match: /^[^\w@]{0,12}@?[^\w@]{0,4}(@)[^\w@]{0,6}$/, tier: 1, sample: '>>> a@example.com <a@example.com>' },
  { match: /^[<"'*\s-]{0,8}(@)[>"']{0,2} ?:(?= |$)/, tier: 1, sample: '<a@example.com>: host mx.example.com said: 550 User unknown' },
  { match: /^[<"'*\s-]{0,8}(@)[>"']{0,2} ?\.\.\. /, tier: 1, sample: 'a@example.com ... unknown host' },
  { match: /^[<"'*\s-]{0,8}(@)[>"']{0,2} \((reason|generated from|expanded from|unrecoverable|ultimately)/i, tier: 1, sample: '<a@example.com> (unrecoverable error)' },
  { match: /^[<"'*\s-]{0,8}(@)[>"']{0,2} (on|at) (\d|[a-z]{3}, )/i, tier: 1, sample: 'a@example.com on Thu, 29 Apr 2010 23:34:45 +0900' },
  { match: /^[<"'*\s-]{0,8}(@)[>"']{0,2},? (?=(the|this|no|user|unknown|mail ?box|unable|not|is|was|could|does|has|did|failed|smtp|\d{3}) ?)/i, tier: 1, sample: 'a@example.com The e-mail account does not exist' },
  { match: /^\S{1,80}:\d{1,12}:<(@)> ?:/, tier: 1, sample: 'a:000000:<a@example.com> : 192.0.2.1 : mx.example.com:[192.0.2.1] : 550 5.1.1 User unknown' },

  // Behind a label.
  { match: /^\W{0,8}((failed|final|original|intended|invalid|unknown|bad|rejected|envelope)[ -])?(recipients?|rcpt(-| )?to|addressed to|addressee|user|unknown user|invalid user|unknown recipient|failed address|mail to|to address)( address| name)? ?[:=]\W{0,4}(rfc822 ?; ?<?)?(@)/i, tier: 2, sample: 'Recipient: <a@example.com>' },
  { match: /^(invalid final delivery userid|user mailbox exceeds allowed size|undeliverable to|delivery failed|no such user|failed to deliver to|mailbox full|account disabled|unknown local-part|unable to deliver to) ?:?\W{0,4}(@)/i, tier: 2, sample: 'Invalid final delivery userid: a@example.com' },
  { match: /\bRCPT TO:? ?<(@)>/i, tier: 2, sample: 'Sent <<< RCPT TO:<a@example.com>' },

  // Within a sentence.
  { match: /\b(un)?(deliver(y|ed|able|ing)?|send|sent|sending|message|mail|e-?mail|forward(ed)?|reach(ed)?)\b.{0,60}?\b(to|for|at)( the)?( following)?( recipients?| address(es)?| user| mailbox)?:?[^\w@]{0,4}(@)/i, tier: 3, sample: 'Unable to deliver message to <a@example.com> (and other recipients in the same domain).' },
  { match: /\b(user|recipient|address|mailbox|account|member|list)\b[^\w@]{0,4}(@)/i, tier: 3, sample: 'The user a@example.com does not exist' },
  { match: /(@)[>"')]{0,2}:? (is|was|has|does|did|could|can)\b.{0,20}\b(not?|un\w+|full|invalid|over|exceed|reject|disabled)/i, tier: 3, sample: 'Sorry: a@example.com is unknown here' },

  // In what a server replied.
  { match: /^\W{0,8}[45]\d\d[ -].{0,200}?(@)/, tier: 4, sample: '550 5.1.1 <a@example.com>... User unknown' },
  { match: /(@)/, tier: 4, sample: 'Sorry about a@example.com' },
];

export interface LineRule {
  match: RegExp;
  sample: string;
}

/** A line with which the notice ends: what follows is the email, or its head. */
// biome-ignore format: one rule a line
export const endRules: readonly LineRule[] = [
  { match: /^\W{0,60}(this is|enclosed is|here is|the following is|attached is) a copy of (the|your) (original )?(message|mail|e-?mail)\b/i, sample: '------ This is a copy of the message, including all the headers. ------' },
  { match: /^\W{0,60}below (this|the following) line\b/i, sample: '--- Below this line is a copy of the message.' },
  { match: /^\W{0,60}(the )?(header|headers|beginning|first \d+ lines|body|text|content|start) of (the|your) (original |returned |undelivered |unsent )?(message|mail|e-?mail)\b/i, sample: '--- The header of the original message is following. ---' },
  { match: /^[-=*_|#+ ]{1,40}(start of |begin |your )?(original|returned|undelivered|unsent|failed|rejected|bounced|unsendable|copy of( the)?)[- ](message|mail|e-?mail)( (info|header|headers|text|body|follows|is attached|attached|begins|to follow|was))?\b/i, sample: '----- Original message -----' },
  { match: /^(your )?(the )?(original|returned|undelivered|unsent|failed) (message|mail)( headers?)?( (info|follows|text|begins|is|as) ?(follows|below)?)? ?[.:]?$/i, sample: 'Original message follows.' },
  { match: /^(un(sent|delivered)|returned|original) (message|mail) (follows|below)/i, sample: 'Unsent message below' },
  { match: /^[-=*_|#+ ]{1,40}(message|mail) (text|header|headers|body|contents?)\b/i, sample: '|------------------------- Message text follows: ------------------------|' },
  { match: /^(message|mail) headers? follows?|^original (mail|message) as follows/i, sample: 'Message header follows:' },
  { match: /^[-=*_ ]{2,40}(retourned|forwarded) message/i, sample: '---------- Forwarded message ----------' },
  { match: /^received: (from|by) \S/i, sample: 'Received: from mx.example.com (mx.example.com [192.0.2.1])' },
  { match: /^return-path: ?</i, sample: 'Return-Path: <b@example.com>' },
];

/** It is not given up yet: of the subject, or of a line. */
// biome-ignore format: one rule a line
export const delayRules: readonly LineRule[] = [
  { match: /\(delay(ed)?\)|^delayed mail\b|\bdelay notification\b/i, sample: 'Delivery Status Notification (Delay)' },
  { match: /\bwarning\b.{0,40}\b(could not send|delayed|not delivered yet)/i, sample: 'Warning: could not send message for past 4 hours' },
  { match: /\bthis is a warning( message)? only\b|\bdo not need to resend\b/i, sample: 'THIS IS A WARNING MESSAGE ONLY.' },
  { match: /\b(delivery|message|mail)\b.{0,60}\b(has been|is|was) delayed\b|\bdelivery delayed\b/i, sample: 'Delivery to the following recipient has been delayed:' },
  { match: /\bnot (yet )?been delivered\b.{0,40}\byet\b|\bhas not yet been\b|\bnot been delivered (to|after)\b/i, sample: 'Your message has not yet been delivered' },
  { match: /\b(will|shall) (be retried|keep trying|continue (to try|trying)|retry|try (again|to deliver))\b|\bstill being retried\b|\b(no action is required|delivery attempts will continue)\b/i, sample: 'Message will be retried for 2 more day(s)' },
];

/** It is given up, whatever else the notice says. */
// biome-ignore format: one rule a line
export const gaveUpRules: readonly LineRule[] = [
  { match: /\b(will not be retried|gave up|giv(en|ing) up|no longer|not going to try again|too long|permanent(ly)? (error|fail)|failed permanently|fatal errors?)\b/i, sample: "I'm not going to try again; this message has been in the queue too long." },
  { match: /\b(failure|failed|undeliver(ed|able)|returned mail|returning message)\b/i, sample: 'Mail delivery failed: returning message to sender' },
];

/** The subject or the sender of a message that tells of a bounce. */
// biome-ignore format: one rule a line
export const noticeRules: readonly LineRule[] = [
  { match: /\bmailer[-_. ]?daemon\b|\bpost[-_. ]?master\b|\bmail[-_. ]?delivery\b|\bmail[-_. ]?(system|administrator|admin)\b|\bmdaemon\b/i, sample: 'Mail Delivery Subsystem <mailer-daemon@example.com>' },
  { match: /\b(un|non-?)deliver(ed|able|y)\b|\bdelivery (status|failure|failed|has failed|problem|error|report|notification|delayed|incomplete|unsuccessful)\b|\bfail(ed|ure) (delivery|notice)\b|\bnot deliver(ed|able)\b/i, sample: 'Undelivered Mail Returned to Sender' },
  { match: /\breturned (mail|message|to sender|e-?mail)\b|\breturning (message )?to sender\b|\bmail (failure|delivery|failed|system error|could not)\b|\b(message|mail|e-?mail) (status|failure|delayed|not sent|rejected|could not be)\b|\bbounced? (mail|message)\b|\bdelayed mail\b/i, sample: 'Returned mail: see transcript for details' },
  { match: /^loop alert\b|\bare not member\b/i, sample: 'Loop Alert: Duplicated Message-ID' },
  { match: /\b(could|can)(n't| ?not) (be )?(deliver|send|sent)|\bunable to deliver\b|\bwarning: (could not|message)\b|\bunknown (user|recipient)\b|\bunzustellbar|\bnon remis|\bno (se )?entregad|(配信|送信)(でき|不能|エラー)|エラーメール|不達/i, sample: 'We could not deliver your email' },
];

/** A line that only the notice of a bounce has, where sender and subject say nothing. */
// biome-ignore format: one rule a line
export const bounceRules: readonly LineRule[] = [
  { match: /\b(could|can|was|were|has|have)(n't| ?not) (be |been )?(delivered|sent) (to|because)\b|\b(delivery|sending) (to|of) .{0,80}\bfailed\b/i, sample: 'Could not be delivered to: <a@example.com>' },
  { match: /\b(unable|failed|wasn't able) to (deliver|send)\b.{0,40}\b(message|mail|e-?mail|to)\b/i, sample: "I'm afraid I wasn't able to deliver your message to the following addresses." },
  { match: /\bfollowing (recipients?|address(es)?|mail ?box(es)?)\b.{0,40}\b(fail|could not|cannot|reject|error)|\b(requested action not taken|user unknown|no such user)\b/i, sample: '550 Requested action not taken: no such user here' },
];
