// Text that may stand in a header of a message.
import * as v from 'valibot';

/** No control characters (CR and LF would begin a new header), well-formed Unicode. */
export function headerText(maxLength: number) {
  return v.pipe(
    v.string('must be a string'),
    v.maxLength(maxLength, `may have ${maxLength} characters at most`),
    v.check(isOneLine, 'must not have line breaks or other control characters'),
    v.check((text) => text.isWellFormed(), 'must be well-formed Unicode'),
  );
}

export function isOneLine(text: string): boolean {
  return !/\p{Cc}|\u2028|\u2029/u.test(text);
}
