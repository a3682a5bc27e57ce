// Text that may stand in a header of a message.
import * as v from 'valibot';
import { firstFault, text } from '../../lib/http/size-limits.ts';
import { hasEncodedWord } from '../../lib/mail/encoded-words.ts';

/** No control characters (CR and LF would begin a new header), well-formed Unicode. */
export function headerText(maxLength: number) {
  return firstFault(
    v.pipe(
      text(maxLength),
      v.check(isOneLine, 'must not have line breaks or other control characters'),
      v.check((given) => given.isWellFormed(), 'must be well-formed Unicode'),
      v.check((given) => !hasEncodedWord(given), encodedWordFault),
    ),
  );
}

export function isOneLine(text: string): boolean {
  return !/[\p{Cc}\u2028\u2029]/u.test(text);
}

/** Readers would decode it, line breaks in it and all, and nobody has checked what it says. */
export const encodedWordFault = 'must not have encoded words (=?…?=): give the text itself';
