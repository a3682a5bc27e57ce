// Which of the compressed forms of an answer a client takes.
import { qualityOfEncoding } from './accept.ts';

/** Smallest first. */
export const encodings = ['br', 'gzip'] as const;
export type Encoding = (typeof encodings)[number];

/** What weighs most for the client (RFC 9110 §12.5.3), and of what weighs the same, the smallest; undefined: as it is. */
export function chooseEncoding(acceptEncoding: string | undefined, offered: readonly Encoding[]): Encoding | undefined {
  const weighed = offered.map((encoding) => ({ encoding, quality: qualityOfEncoding(acceptEncoding, encoding) }));
  const most = Math.max(0, ...weighed.map(({ quality }) => quality));
  if (most === 0 || qualityOfEncoding(acceptEncoding, 'identity') > most) return undefined;
  return weighed.find(({ quality }) => quality === most)?.encoding;
}
