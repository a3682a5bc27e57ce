// What refusals mean: one rule a line, with a real reply as its sample. The first rule that matches decides, so order counts.

/** Where the cause of a refusal lies, in the words of the API. */
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

export interface MeaningOfRefusal {
  whose: 'recipient' | 'recipient_system' | 'relay_account' | 'sender' | 'message' | 'network' | 'session' | 'unknown';
  /** Null: the subject of the enhanced code decides. */
  category: RefusalCategory | null;
  /** False: another attempt, or another relay, may succeed even where the code says 5yz. */
  final: boolean;
  /** The address will never take mail. */
  hard: boolean;
  /** The relay takes no email of ours for now, whoever wrote it. */
  closes_relay?: boolean;
}

export const meanings = {
  // Of our account at the relay: never the fault of the recipient, and only seldom of the email.
  account_refused: { whose: 'relay_account', category: 'relay_account', final: false, hard: false, closes_relay: true },
  account_spent: { whose: 'relay_account', category: 'relay_account', final: false, hard: false, closes_relay: true },
  account_pace: { whose: 'relay_account', category: 'relay_account', final: false, hard: false },
  sender_not_allowed: { whose: 'relay_account', category: 'relay_account', final: false, hard: false },
  // Of the moment.
  out_of_order: { whose: 'session', category: null, final: false, hard: false },
  take_as_452: { whose: 'session', category: null, final: false, hard: false },
  rate: { whose: 'recipient_system', category: null, final: false, hard: false },
  for_now: { whose: 'recipient_system', category: null, final: false, hard: false },
  // Of this email.
  too_large: { whose: 'message', category: null, final: true, hard: false },
  virus: { whose: 'message', category: 'content', final: true, hard: false },
  content: { whose: 'message', category: null, final: true, hard: false },
  spoofing: { whose: 'sender', category: 'policy', final: true, hard: false },
  sender: { whose: 'sender', category: null, final: true, hard: false },
  policy: { whose: 'recipient_system', category: null, final: true, hard: false },
  needs_smtputf8: { whose: 'session', category: 'address', final: true, hard: false },
  // Of the recipient's side, which may take the next email.
  mailbox_full: { whose: 'recipient', category: 'mailbox', final: true, hard: false },
  mailbox_closed: { whose: 'recipient', category: null, final: true, hard: false },
  network: { whose: 'network', category: null, final: true, hard: false },
  system: { whose: 'recipient_system', category: null, final: true, hard: false },
  unknown: { whose: 'unknown', category: null, final: true, hard: false },
  // Of an address that will never take mail.
  no_mailbox: { whose: 'recipient', category: null, final: true, hard: true },
  no_domain: { whose: 'recipient', category: null, final: true, hard: true },
  no_mail: { whose: 'recipient', category: null, final: true, hard: true },
  moved: { whose: 'recipient', category: null, final: true, hard: true },
  disabled: { whose: 'recipient', category: null, final: true, hard: true },
} satisfies Record<string, MeaningOfRefusal>;

export type Meaning = keyof typeof meanings;

export interface ReplyRule {
  /** Tried on one line: code, enhanced code or `-`, text; addresses are `@` there, and links are gone. */
  match: RegExp;
  means: Meaning;
  /** The rule holds for refusals at this stage alone. */
  stage?: 'envelope';
  /** It is about the address even where the message was refused, or nobody knows what was. */
  of_address?: true;
  sample: string;
}

// biome-ignore format: one rule a line
export const rules: readonly ReplyRule[] = [
  // Words of accounts and relaying that are about the recipient or the sender's domain.
  { match: /\bRESOLVER\.RST\.|\b5\.7\.(133|134|135|136) /, means: 'policy', sample: '550 5.7.1 RESOLVER.RST.AuthRequired; authentication required' },
  { match: /\brecipient.{0,20}\bdisabled|\bdisabled recipient/i, means: 'mailbox_closed', sample: '525 5.7.13 Disabled recipient address' },
  { match: /\b(DMARC|SPF|DKIM|DomainKeys|Sender Policy Framework)\b/i, means: 'spoofing', sample: '550 SPF check failed: 192.0.2.1 is not allowed to send mail from example.com' },
  { match: /^\d+ 5\.7\.(2[0-4]|26|509) |\bunauthenticated email\b|\bsender is unauthenticated|\bspoof/i, means: 'spoofing', sample: '550 5.7.26 This mail has been blocked because the sender is unauthenticated' },
  { match: /^\d+ 5\.2\.12[12] |\b(recipient|mailbox) (@ )?has (exceeded|reached) (its|their|the|his) .{0,60}\b(limit|receive)/i, means: 'rate', sample: '550 5.2.122 The recipient has exceeded their limit for the number of messages they can receive per hour' },

  // sendmail gives it the code of a sender's domain (RFC 7505 §4.2).
  { match: /^5\d\d 5\.7\.27 .*\b(host|domain) does not accept (e-?)?mail/i, means: 'no_mail', of_address: true, sample: '550 5.7.27 Host does not accept mail' },

  // Our account at the relay is not known, not allowed, or closed.
  { match: /^(523|525|530|534|535|538) /, means: 'account_refused', sample: '530 5.7.0 Authentication required' },
  { match: /\brelay(ing)? (access )?(is )?(denied|not (permitted|allowed|authori[sz]ed)|prohibited|disallowed|rejected)/i, means: 'account_refused', sample: '554 5.7.1 <a@example.com>: Relay access denied' },
  { match: /\bunable to relay\b|\b(permitted|allowed|authori[sz]ed) to relay\b|\b(cannot|do not) relay\b|\buse me .{0,80}\bas a relay\b/i, means: 'account_refused', sample: '550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain' },
  { match: /\brelaying to\b.{0,80}\b(denied|prohibited|not allowed)/i, means: 'account_refused', sample: '550 5.7.1 Relaying to <a@example.com> denied (authentication required)' },
  { match: /\bcredentials for relay\b/i, means: 'account_refused', sample: '550 5.7.1 Invalid credentials for relay [192.0.2.1]' },
  { match: /\ballowed rcpthosts\b/i, means: 'account_refused', sample: "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)" },
  { match: /\bauth(entication|orization)? (is )?(required|needed)\b|\brequires? (SMTP )?auth|\b(SMTP|basic|client) auth(entication)? (is |has been )?(not supported|disabled|failed|unsuccessful)/i, means: 'account_refused', sample: '550 Authentication is required for relay' },
  { match: /\bnot (been )?(authenticated|logged in)\b|\bmust (first )?(authenticate|log ?in)\b|\b(turn on|enable) SMTP auth/i, means: 'account_refused', sample: '550 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM' },
  { match: /\bunauthenticated senders not allowed/i, means: 'account_refused', sample: '550 Unauthenticated senders not allowed' },
  { match: /^\d+ 5\.7\.(64|57|68) /, means: 'account_refused', sample: '550 5.7.64 TenantAttribution; Access Denied' },
  { match: /^\d+ 5\.7\.(501|502|503|705|708|750) |\bbad outbound sender\b|\boutbound ?spam/i, means: 'account_refused', sample: '550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP' },
  { match: /\boutgoing (e-?mails? )?(has been |have been |is )?(blocked|disabled|suspended)\b/i, means: 'account_refused', sample: '554 5.1.8 Email Outgoing Blocked' },
  { match: /\bunusual sending activity\b/i, means: 'account_refused', sample: '550 5.4.6 Unusual sending activity detected. Please try after sometime' },
  { match: /\b(sending|sender account|your (e-?mail |smtp |mail )?account|this smtp account) (is |has been |was )?(currently |temporarily )?(paused|suspended|disabled|blocked|locked|restricted)/i, means: 'account_refused', sample: '554 Message rejected: Sending suspended for this account' },
  { match: /\b(your|smtp) (\w{1,20} )?account is not (yet )?(activ|approved|verified|enabled)|\bpending approval\b/i, means: 'account_refused', sample: '502 5.7.0 Your SMTP account is not yet activated' },
  { match: /\bnot authorized to perform\b/i, means: 'account_refused', sample: '554 Access denied: User is not authorized to perform ses:SendRawEmail' },

  // What it may send is used up.
  { match: /^\d+ [45]\.4\.5 .*\b(limit|quota)\b/i, means: 'account_spent', sample: '550 5.4.5 Daily user sending limit exceeded' },
  { match: /\bcredits? (limit )?(exceeded|exhausted|used up)|\b(not enough|insufficient|no more) credits?\b/i, means: 'account_spent', sample: '451 Authentication failed: Maximum credits exceeded' },
  { match: /\b(daily|monthly|24[- ]hour) (message|mail|email|sending|recipient|outgoing)?.{0,20}\b(quota|limit)\b/i, means: 'account_spent', sample: '454 Throttling failure: Daily message quota exceeded' },
  { match: /\b(relay|message) (quota|limit|sending limit)\b|^\d+ 5\.7\.\d+ .*\bquota\b/i, means: 'account_spent', sample: '552 Message would take you over your relay quota' },
  { match: /\b(sen[dt]|sending|plan|submission|outgoing|messages? sent)( mail| e-?mail| message)? (quota|limit)\b/i, means: 'account_spent', sample: '550 5.7.1 Sending limit exceeded for this account' },
  { match: /^\d+ 5\.(1\.90|7\.23[23]) /, means: 'account_spent', sample: "550 5.7.233 Your message can't be sent because your tenant exceeded its external recipient rate limit" },
  { match: /\b(maximum|max|too many) (number of )?(e-?mails|messages|recipients) (per|a|this) (day|month)\b/i, means: 'account_spent', sample: '550 5.7.0 Maximum number of messages per day exceeded' },

  // It sends too fast, or one of its domains does.
  { match: /\bmax(imum)? sending rate\b/i, means: 'account_pace', sample: '454 Throttling failure: Maximum sending rate exceeded' },
  { match: /\bmax defers and failures\b/i, means: 'account_pace', sample: '550 Domain example.com has exceeded the max defers and failures per hour (5/5 (100%)) allowed. Message discarded' },
  { match: /\bdomain .{0,100}has exceeded the max/i, means: 'account_pace', sample: '550 Domain example.com has exceeded the max emails per hour (150/150 (100%)) allowed. Message discarded' },
  { match: /\b(domain|account|user) .{0,100}\b(is not allowed to send:|has exceeded its (hourly|sending|outgoing))/i, means: 'account_pace', sample: '421 Domain example.com is not allowed to send: recipient limit exceeded' },
  { match: /\bsender thread limit\b|\baccount limit\b/i, means: 'account_pace', sample: '432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded' },
  { match: /\b(limit|maximum|number) (of|on) (outgoing )?(e-?mails|messages|recipients) (per|in an?) (hour|minute|second)\b|\btoo many (e-?mails|messages) per (second|minute|hour)\b|\bhourly .{0,20}\b(quota|limit)\b/i, means: 'account_pace', sample: '452 4.7.1 Limit on messages per hour exceeded' },

  // It may not send as this sender, or only to addresses that it names.
  { match: /\b(e-?mail address|sender|domain|identity|identities)( is|:| are)? not (been )?(yet )?(verified|validated|confirmed)|\bverified sender\b|\bunverified (sender|domain)\b/i, means: 'sender_not_allowed', sample: '554 Message rejected: Email address is not verified. The following identities failed the check in region EU-WEST-1' },
  { match: /\bsender signature\b|\bunconfigured sending domain\b|\bsender you used\b/i, means: 'sender_not_allowed', sample: '550 5.7.1 Unconfigured Sending Domain <example.com>' },
  { match: /\bnot owned by (auth )?user\b/i, means: 'sender_not_allowed', sample: '553 5.7.1 <b@example.com>: Sender address rejected: not owned by user c@example.com' },
  { match: /^\d+ 5\.(2\.252|7\.60) |\bSendAsDenied\b|\bpermissions? to send as\b/i, means: 'sender_not_allowed', sample: '554 5.2.252 SendAsDenied; b@example.com not allowed to send as c@example.com' },
  { match: /\bmust (be (the )?same as|match|equal)( the)? auth/i, means: 'sender_not_allowed', sample: '501 Mail from address must be same as authorization user' },
  { match: /\bnot authori[sz]ed to send (from|as|on behalf)|\bnot one of your addresses\b|\bsender (address )?is not allowed\b/i, means: 'sender_not_allowed', sample: '550 Requested action not taken: mailbox unavailable. Sender address is not allowed.' },
  { match: /\bonly send testing e-?mails\b|\b(trial|free|sandbox) (accounts?|plans?|(sub)?domains?)\b/i, means: 'sender_not_allowed', sample: '550 You can only send testing emails to your own email address' },

  // The mailbox is too small, or the email too large: another attempt is as large.
  { match: /^\d+ [45]\.2\.2 /, means: 'mailbox_full', sample: '552 5.2.2 Mailbox size limit exceeded' },
  { match: /^\d+ [45]\.(3\.4|2\.3) |\b(message|mail|e-?mail|size|data) (size )?(is |was )?too (large|big|long)\b/i, means: 'too_large', sample: '552 5.3.4 Message size exceeds fixed limit' },
  { match: /\b(message|mail) (file )?size\b.{0,40}\b(exceed|limit)|\bexceed.{0,40}\b(message|mail|maximum) size\b|(?<!box )\b(size|line) limit exceeded\b/i, means: 'too_large', sample: '552 message size exceeds the maximum of this server' },

  // Of the session: another session may succeed.
  { match: /^503 /, means: 'out_of_order', sample: '503 5.5.1 Bad sequence of commands' },
  // RFC 5321 §4.5.3.1.10: treat as 452, unless the enhanced code says otherwise.
  { match: /^552 (-|5\.5\.3) /, means: 'take_as_452', stage: 'envelope', sample: '552 too many recipients' },

  // We are over a limit of the recipient's side.
  { match: /\brate.?limit|\bthrottl|\bfrequency limited|\btoo (fast|quickly)\b|\brate that prevents\b/i, means: 'rate', sample: '550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages' },
  { match: /\btoo many (recipients|connections|messages|mails|e-?mails|errors|sessions|concurrent|invalid|unknown)\b|\btoo much mail\b/i, means: 'rate', sample: '550 5.1.1 <a@example.com> - 192.0.2.1 has sent to too many recipients this hour' },
  { match: /\bgr[ae]y[- ]?list/i, means: 'for_now', sample: '550 5.7.1 Greylisted, see http://example.com/help' },

  // The mailbox, or the disk behind it, is full.
  { match: /\b(mail ?box|mail ?folder|inbox|maildir|account|recipient|user|storage).{0,40}\b(is |are )?(full|over ?quota|out of storage|over (the )?(storage )?limit)\b/i, means: 'mailbox_full', sample: '550 5.1.1 <a@example.com>: Mailbox is full' },
  { match: /\bquota\b|overquota\b|\bmail ?box (is )?(full|exceed)|\bexceeded the local limit\b|\b(pleine|voll)\b/i, means: 'mailbox_full', sample: '550 Requested mail action aborted: exceeded storage allocation: disk quota exceeded' },
  { match: /\b(disk|storage|space)\b.{0,20}\b(full|allocation|exceeded|insufficient)|\binsufficient (disk|system storage|storage)|\bno space left\b/i, means: 'mailbox_full', sample: '550 Error: insufficient system storage' },

  // The content, or our reputation at the recipient's side.
  { match: /\bvirus|\bmalware|\binfected\b|\btrojan/i, means: 'virus', sample: '550 5.7.0 Virus detected' },
  { match: /\bspam(?!haus)|\bUBE\b|\bunsolicited\b|\bjunk\b|\bbulk mail\b|\bphish/i, means: 'content', sample: '550 5.1.1 Rejected: looks like spam' },
  { match: /\b(black|block|deny|reject)[ -]?list|\b(dns|r|u)bls?\b|(?<!not )\blisted (at|by|in|on)\b|\bspamhaus\b/i, means: 'policy', sample: '550 Rejected because 192.0.2.1 is in a black list at bl.example.com' },
  { match: /\bblocked\b|\bbanned\b|\breputation\b|\bcomplaints\b/i, means: 'policy', sample: '550 5.2.1 Mailbox unavailable. Your IP address 192.0.2.1 was blocked' },
  { match: /\breverse (dns|lookup|mapping)\b|\b(ptr|rdns)\b|\bhelo\b|\behlo\b|\bIP name lookup\b|\bdynamic ip\b|\bclient (host|ip)\b|\bsending (ip|host|server)\b/i, means: 'policy', sample: '550 5.7.25 Reverse DNS validation failed' },
  { match: /\bpolic(y|ies)\b|\bprohibit|\brefused due to recipient preferences\b|\bfilter/i, means: 'policy', sample: '550 5.1.1 Refused due to recipient preferences' },
  { match: /\b(content|attachments?|headers?|body) (is |was |too |not |reject|denied|error|restrict|contain)|\bmessage content\b|\bmedia error\b|\battachment\b|^\d+ 5\.6\.([0-689]|10) /i, means: 'content', sample: '550 5.6.0 Message content rejected' },

  // The sender. Said with a code of addresses, too.
  { match: /^\d+ [45]\.(1\.[78]|7\.27) |\bsender (address )?(verif|reject|den|unknown|not|domain|is|does|refused)|\b(domain of|unroutable|unrouteable|invalid|unknown) sender\b|\bunrout[e]?able sender\b|\bverification failed for\b|\bMAIL FROM command\b/i, means: 'sender', sample: '550 5.1.1 Sender verify failed: no such user here' },

  // DNS and lines.
  { match: /^\d+ [45]\.4\.(2|3|6|7|312|316) |\btoo many hops\b|\bhop count\b|\b(mail|routing) loop|\bloops? (back|detected)\b|\bmessage expired\b|\btimed? ?out\b|\bconnection (refused|reset|lost)|\bno route to host\b|\bhost not found, try again\b/i, means: 'network', sample: '554 5.4.6 Too many hops' },
  { match: /\b(dns|lookup|name server|resolver?)\b.{0,40}\b(fail|error|timeout|problem|reply|temporar)|\bdns query failed|\bname server:? .{0,60}host name lookup failure|\bservfail\b/i, means: 'network', sample: '550 5.1.2 DNS lookup failure for example.com' },

  // The reply itself says "temporary".
  { match: /\btry (again |it )?later\b|\btry again (in|after)\b|\btemporar|\bcurrently (un|not )|\btry after\b|\bessayer plus tard\b/i, means: 'for_now', sample: '550 5.1.1 User temporarily unavailable, try again later' },

  // Of the subject "content" by its number, but about an address that is not ASCII (RFC 6531 §3.5).
  { match: /^\d+ 5\.6\.7 /, means: 'needs_smtputf8', sample: '553 5.6.7 SMTPUTF8 is needed' },

  // Directories of Microsoft 365 and Cisco say so of addresses they do not hold.
  { match: /^5\d\d 5\.4\.1 .*\brecipient address(es)? rejected ?: access denied/i, means: 'no_mailbox', sample: '550 5.4.1 Recipient address rejected: Access denied. AS(201806281)' },
  { match: /^5\d\d 5\.1\.0 .*\baddress rejected\b/i, means: 'no_mailbox', sample: '550 #5.1.0 Address rejected.' },
  // RFC 3463 and the registry of RFC 5248.
  { match: /^5\d\d 5\.1\.(1|3) /, means: 'no_mailbox', sample: '550 5.1.1 <a@example.com>: Recipient address rejected: User unknown' },
  { match: /^5\d\d 5\.1\.2 /, means: 'no_domain', sample: '550 5.1.2 Host unknown' },
  { match: /^5\d\d 5\.1\.6 |\brecipient no longer on (this )?server\b|\bnot our (user|customer)\b/i, means: 'moved', sample: '551 5.1.6 Mailbox has moved' },
  // RFC 7504 §4: with 521 the host says that it takes no mail at all.
  { match: /^521 5\.3\.2 /, means: 'no_mail', sample: '521 5.3.2 System not accepting network messages' },
  { match: /^5\d\d 5\.1\.10 /, means: 'no_mail', sample: '556 5.1.10 Recipient address has null MX' },

  // Without a code of addresses, 550 and its like are said of senders, sessions and limits, too.
  { match: /\bsender|\b(mail|messages?|connections?|connect) from\b|\bfrom[ :](your|you|this|address|domain|header)\b|\bfrom:|\bauth(enti|ori[sz])|\bexceed|\baccess denied\b|\bnot (permitted|allowed|accepted)\b|\btoo (many|large|big|much)\b|\bgreeting\b|\brefused\b|\bfrozen\b|\block(ed)?\b|\bsuspended\b/i, means: 'unknown', sample: '550 Mail from this host is refused' },

  // No such domain, or one without mail.
  { match: /^(?!\d+ \d\.7\.).*(\bnull ?mx\b|\bname server: \.: host not found|\b(host|domain) does(n't| not) (accept|receive) (e-?mail|mail)|\bno SMTP service\b|\bno (mx|mail exchanger)( record)? (was )?found\b|\bfind a mail exchanger\b)/i, means: 'no_mail', sample: '550 Host does not accept mail' },
  { match: /^(?!\d+ \d\.7\.).*(\b(no such|unknown|non-?existent|invalid) (domain|host)\b|\b(domain|host)( name)? (is )?(unknown|not found|does(n't| not) exist)|\b(host or )?domain name not found\b|\bunrout[e]?able address\b|\bcouldn't find any host\b|\billegal host\/domain\b|\bdomain is not reachable\b|\bdomain (must|may not) exist\b|\bname or service not known\b)|^5\d\d 5\.4\.310 /i, means: 'no_domain', sample: '550 5.4.4 Host or domain name not found. Name service error for name=example.com type=A: Host not found' },

  // No such mailbox: in words, where there is no code, or one that says little.
  { match: /\b(no such|unknown|unrecogni[sz]ed|non-?existent|invalid|illegal|not a valid)[ -](\S{0,30} )?(user|recipient|mail ?box|address|account|customer|alias|local ?part)\b(?! error)/i, means: 'no_mailbox', sample: '550 No such user here' },
  { match: /\b(user|recipient|mail ?box|address|account|alias|addressee)( name)? (@ )?(is )?(unknown|not (found|exist|known|recogni[sz]ed|local|listed)|does(n't| not) exist|could(n't| not) be found|invalid|unrecogni[sz]ed)/i, means: 'no_mailbox', sample: '550 User unknown' },
  { match: /\bmail ?box (is )?(unavailable|not available)\b/i, means: 'no_mailbox', sample: '550 Requested action not taken: mailbox unavailable' },
  { match: /\buser .{0,80}not listed in\b|\bfinal delivery userid\b|\bis no longer valid\b|\bno (mail ?box|account) (here )?by that name\b/i, means: 'no_mailbox', sample: '550 sorry, no mailbox here by that name' },
  { match: /\bdoes(n't| not) have an? .{0,80}\baccount\b|\bthat you tried to reach does not exist\b|\bRESOLVER\.ADR\.(Ex)?Recip(ient)?NotFound\b/i, means: 'no_mailbox', of_address: true, sample: "554 delivery error: dd This user doesn't have an example.com account" },
  { match: /n('t|ot) (an? )?(known|valid|registered|active|local|existing) (user|recipient|address|mail ?box|account)\b|\bnot active address\b/i, means: 'no_mailbox', sample: '550 a@example.com is not a known user' },
  { match: /\b(not|\w{2,5}n't) (be )?(found|exist|present|listed|on file)\b(?<=\b(user|recipient|address|mail ?box|account|rcpt|name|member)\b.{0,80})|@\W{0,3} (does(n't| not) exist|not found|unknown)\b|\buser \W{0,2}@\W{0,2} unknown/i, means: 'no_mailbox', sample: '550 Recipient a@example.com was not found in LDAP' },
  { match: /\b(no|there is no|there are no) (such )?(account|mail ?box|person|one|users?|addresses|recipients?) (found|here|at this (address|site)|available|of that name|by (that|this) name)\b|\bno valid recipients\b|\bno .{1,60} in name directory\b/i, means: 'no_mailbox', sample: '550 There is no one at this address' },
  { match: /\bbad (destination )?(recipient|rcpt|address|mail ?box)\b|\bbad(rcpt|recipient)to\b|\bnot in my valid(rcpt|recipient)to\b|\bunknown local[- ]?part\b|\bnon-? ?existent (user|recipient|address|account)\b|\buserunknown\b/i, means: 'no_mailbox', sample: '550 sorry, your envelope recipient is in my badrcptto list (#5.7.1)' },
  { match: /\b(no longer (accepts mail|valid|exists?|employed|with (us|the company)|in use|works)|has left (the|our))\b(?<=\b(address|recipient|user|mail ?box|account|person|employee|addressee)\b.{0,80})/i, means: 'no_mailbox', sample: '550 This address no longer accepts mail' },
  { match: /\bnot (listed )?in (the |our )?((public|domino|recipients?|company|name & address|address) ){0,2}(directory|book)\b/i, means: 'no_mailbox', sample: '550 not in our directory' },
  { match: /^542 .{0,20}@ rejected\b/i, means: 'no_mailbox', of_address: true, sample: '542 a@example.com Rejected' },
  { match: /\butilisateur inconnu|\b(adresse|destinataire)\b.{0,30}\b(inconnue?|invalide|inexistante?)\b|\b(usuario|destinatario|cuenta)\b.{0,20}\b(desconocid[oa]|inexistente|no existe)\b|\bno existe (dicha|ese|el|la|tal)\b|\bnessun utente\b|\b(utente|destinatario) sconosciuto/i, means: 'no_mailbox', sample: '550 Utilisateur inconnu !' },
  { match: /(empf(ä|ae)nger|benutzer|adresse)\b.{0,30}\b(unbekannt|existiert nicht|nicht bekannt|nicht gefunden)|\bunbekannte[rs]? (empf|benutzer|adresse)|\b(gebruiker|ontvanger) (is )?onbekend|пользовател.{0,20}не (найден|существует)/i, means: 'no_mailbox', sample: '550 Unbekannter Empfänger' },
  { match: /(ユーザ|宛先|あて先|アドレス|名簿|ディレクトリ).{0,20}(見つかりません|ありません|存在しません|不明)/, means: 'no_mailbox', sample: '550 ディレクトリのリストにありません' },
  { match: /\b(has been replaced by|has (changed|moved) to|has moved)\b(?<=\b(address|user|recipient)\b.{0,80})/i, means: 'moved', sample: '550 The address a@example.com has been replaced by b@example.com' },
  { match: /^55[013] (-|5\.0\.0) (<?@>?:? )?(recipient )?address rejected\.?$/i, means: 'no_mailbox', sample: '550 <a@example.com>: Recipient address rejected' },

  // A mailbox that is closed: for good, if it says so.
  { match: /^5\d\d 5\.2\.1 .*\b(disabled|deactivated|discontinued|inactive|closed|deleted)\b/i, means: 'disabled', sample: '550 5.2.1 The email account that you tried to reach is disabled' },
  { match: /^\d+ 5\.2\.1 |\b(mail ?box|account|user)\b.{0,40}\b(disabled|discontinued|inactive|closed)\b/i, means: 'mailbox_closed', sample: '554 This account has been disabled or discontinued' },
  { match: /^\d+ [45]\.3\.\d+ |\binternal (system|server) error\b/i, means: 'system', sample: '554 5.3.0 Unknown mailer error' },
];
