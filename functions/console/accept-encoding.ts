// Which of the compressed forms of a file a client takes.
import { headerWithin } from '../../lib/http/size-limits.ts';

/** Characters of the header; browsers send some 30. */
const maxHeader = 1_000;

/** Smallest first. */
export const encodings = ['br', 'gzip'] as const;
export type Encoding = (typeof encodings)[number];

/** RFC 9110 §12.5.3, but for the order of preference, which is ours; undefined: as it is. */
export function chooseEncoding(acceptEncoding: string | undefined, offered: readonly Encoding[]): Encoding | undefined {
  const weights = new Map(
    (headerWithin(acceptEncoding, maxHeader) ?? '').split(',').map((entry) => {
      const [coding = '', weight = ''] = entry.split(';').map((part) => part.trim().toLowerCase());
      return [coding, !/^q=0(\.0*)?$/.test(weight)];
    }),
  );
  return offered.find((encoding) => weights.get(encoding) ?? weights.get('*') ?? false);
}
