// Whose trouble a refusal is, whether it is final, and whether the address will never take mail: read by the rules. Pure.
import { type Meaning, meanings, type RefusalCategory, type Rule, rules } from './reply-rules.ts';
import type { SmtpReply } from './smtp-reply.ts';

/** A reply of 4yz or 5yz. `stage`: where it was given; left out where nobody knows, as in a bounce that comes by mail. */
export interface Refusal extends SmtpReply {
  stage?: 'envelope' | 'data';
}

export interface Reading {
  means: Meaning | null;
  whose: (typeof meanings)[Meaning]['whose'];
  category: RefusalCategory;
  /** No other attempt of this email can succeed. */
  permanent: boolean;
  /** The address will never take mail. */
  hard: boolean;
}

/** The subject of an enhanced status code (RFC 3463 §3), its second number. */
const subjects: Record<string, RefusalCategory> = {
  1: 'address',
  2: 'mailbox',
  3: 'mail_system',
  4: 'network',
  5: 'protocol',
  6: 'content',
  7: 'policy',
};

/** A reply is no longer than this where it is stored. */
const readCharacters = 1_000;

export function readRefusal(refusal: Refusal): Reading {
  const means = ruleFor(refusal)?.means ?? null;
  const { whose, category, final, hard } = meanings[means ?? 'something_else'];
  const permanent = final && refusal.code >= 500;
  return {
    means,
    whose,
    category: category ?? subjects[refusal.enhanced_code?.split('.')[1] ?? ''] ?? 'other',
    permanent,
    // What is said after the message is about the message, unless an enhanced code says that it is about the address.
    hard: hard && permanent && (refusal.stage !== 'data' || refusal.enhanced_code !== null),
  };
}

/** The first rule that matches. */
export function ruleFor({ code, enhanced_code, text, stage }: Refusal): Rule | undefined {
  const line = `${code} ${enhanced_code ?? '-'} ${text.slice(0, readCharacters)}`;
  return rules.find((rule) => (rule.stage ?? stage) === stage && rule.match.test(line));
}
