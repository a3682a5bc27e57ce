// Messages larger than what the relay says it takes (SIZE, RFC 1870) do not go to it. Pure.
import type { AttemptResult } from './outcome.ts';

/** The result for a message that the relay would refuse for its size, in the relay's own terms, so that another relay is tried. */
export function tooLarge(bytes: number, mostBytes: number): AttemptResult {
  const text = `not handed over: the relay takes ${mostBytes} bytes (SIZE, RFC 1870), the message has ${bytes} or more`;
  return {
    ended: 'refused',
    stage: 'envelope',
    reply: { code: 552, enhanced_code: '5.3.4', text },
    refused: new Map(),
  };
}

/** A message's size on the wire, where each line ends in CRLF, the last one too. Dots that are doubled there do not count (RFC 1870 §3). */
export function wireBytes(message: Buffer): number {
  let bytes = message.length + (message.at(-1) === lf ? 0 : 2);
  for (let at = message.indexOf(lf); at >= 0; at = message.indexOf(lf, at + 1)) if (message[at - 1] !== cr) bytes += 1;
  return bytes;
}

const lf = 10;
const cr = 13;
