// Whether a JSON text has a key twice in one object: `JSON.parse` keeps the last, another reader the first, and the two disagree on what was asked.

const backslash = 0x5c;
const colon = 0x3a;

/**
 * Whether an object in `json`, which is JSON, has a key twice; `keys` is how many keys there are once it is parsed. Each key is
 * followed by the one colon outside strings, so more colons than keys mean that a key was lost. Strings are passed over by
 * `indexOf`, so that a long one costs next to nothing.
 */
export function hasRepeatedKey(json: string, keys: number): boolean {
  let colons = 0;
  let at = 0;
  for (;;) {
    const open = json.indexOf('"', at);
    const end = open < 0 ? json.length : open;
    for (; at < end; at += 1) if (json.charCodeAt(at) === colon) colons += 1;
    if (open < 0) return colons > keys;
    at = endOfString(json, open) + 1;
  }
}

/** Where the string that begins at `open` has its closing quote. */
function endOfString(json: string, open: number): number {
  for (let close = json.indexOf('"', open + 1); ; close = json.indexOf('"', close + 1)) {
    let before = close - 1;
    while (json.charCodeAt(before) === backslash) before -= 1;
    // An odd number of backslashes makes the quote a part of the string.
    if (close < 0 || (close - before) % 2 === 1) return close < 0 ? json.length : close;
  }
}
