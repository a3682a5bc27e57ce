// Text that may stand in a header of a message.
import * as v from 'valibot';
import { firstFault, text } from '../../lib/http/size-limits.ts';

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

export const encodedWordFault = 'must not have encoded words (=?…?=): give the text itself';

/** RFC 2047: text that readers would decode, line breaks in it and all, and that nobody has checked. */
export function hasEncodedWord(text: string): boolean {
  return /=\?[^?]*\?[bq]\?/i.test(text);
}
