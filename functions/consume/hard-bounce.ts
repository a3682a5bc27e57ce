// Which refusals say that an address takes no mail, so that nothing more is to be sent to it. Pure.
import { isAboutRelay, type SmtpReply } from './outcome.ts';

/**
 * RFC 3463 and the registry of RFC 5248: no such mailbox (5.1.1), no such domain (5.1.2), no valid address (5.1.3), moved without
 * a new address (5.1.6), a domain that takes no mail (5.1.10, RFC 7505), a mailbox that is disabled for good (5.2.1).
 */
const hardCodes = new Set(['5.1.1', '5.1.2', '5.1.3', '5.1.6', '5.1.10', '5.2.1']);

/** RFC 5321 §4.2.3, where there is no enhanced code: no such mailbox, not local, name not allowed. */
const hardReplies = new Set([550, 551, 553]);

/**
 * What servers without enhanced codes say with the same replies when it is about us, our sender, the content or a limit. It may well
 * hold for this email alone: a wrong guess here would cost all that follow.
 */
const otherReasons =
  /\b(black|block|deny|grey|gray)[ -]?list|\bblocked\b|\bspam|\b(dns|r)bl\b|\bpolic(y|ies)\b|\breputation\b|\bprohibit|\bsender|\bfrom\b|\b(spf|dkim|dmarc)\b|\bquota\b|\bfull\b|\btoo (many|large|big|much)\b|\bexceed|\bauth|\baccess denied\b|\bnot (permitted|allowed)\b|\breverse dns\b|\bhelo\b|\bgreeting\b|\btry again\b|\btemporar/i;

/**
 * `at`: where the recipient was refused by itself. A reply to a whole message is about the address only if its enhanced code says
 * so, which a reply to RCPT TO need not.
 */
export function isHardBounce(reply: SmtpReply, at: 'rcpt' | 'data'): boolean {
  if (reply.code < 500 || isAboutRelay(reply, 'envelope')) return false;
  if (reply.enhanced_code !== null) return hardCodes.has(reply.enhanced_code);
  return at === 'rcpt' && hardReplies.has(reply.code) && !otherReasons.test(reply.text);
}
