// Encoded words (RFC 2047): how text that is not ASCII stands in a header field.

/** Characters of an encoded word. RFC 2047 §2 allows 75, and 76 in its line, where a comma or a bracket may follow. */
const mostOfWord = 72;
const beforeText = '=?UTF-8?Q?'.length;
const afterText = '?='.length;
/** Room that is left even behind a long name of a field: a few characters of any script. */
const leastRoom = 24;
/** What Q may leave as it is anywhere, phrases and comments included (§5). */
const safe = /[A-Za-z0-9!*+/-]/;

/**
 * The text as encoded words with a space between them, each with whole characters, so that readers can decode them one by one. The
 * first one has room for `first` characters, as it stands behind the field's name. Text with more Latin letters than others is
 * readable in the source (Q); other text is shorter in base64 (B).
 */
export function encodedWords(text: string, first = mostOfWord): string {
  const encoding = isMostlyLatin(text) ? q : b;
  const words: string[] = [];
  let piece = '';
  let cost = 0;
  for (const character of text.toWellFormed()) {
    const most = Math.max(words.length === 0 ? first : mostOfWord, leastRoom) - beforeText - afterText;
    const more = encoding.cost(character);
    if (piece !== '' && encoding.length(cost + more) > most) {
      words.push(encoding.word(piece));
      piece = '';
      cost = 0;
    }
    piece += character;
    cost += more;
  }
  if (piece !== '') words.push(encoding.word(piece));
  return words.join(' ');
}

/** Whether a reader would see text in it that is not there, or would not see what is: such text is encoded itself. */
export function hasEncodedWord(text: string): boolean {
  return /=\?[^?]*\?[bq]\?/i.test(text);
}

const q = {
  cost: (character: string) => (safe.test(character) || character === ' ' ? 1 : 3 * Buffer.byteLength(character)),
  length: (cost: number) => cost,
  word: (text: string) => `=?UTF-8?Q?${[...text].map(quoted).join('')}?=`,
};

const b = {
  cost: (character: string) => Buffer.byteLength(character),
  length: (bytes: number) => Math.ceil(bytes / 3) * 4,
  word: (text: string) => `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`,
};

function quoted(character: string): string {
  if (character === ' ') return '_';
  if (safe.test(character)) return character;
  return [...Buffer.from(character)].map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}

function isMostlyLatin(text: string): boolean {
  const latin = text.match(/[A-Za-z]/g)?.length ?? 0;
  const others = text.match(/[^\x20-\x7e]/g)?.length ?? 0;
  return others < latin;
}
