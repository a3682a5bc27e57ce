// The slowest line that is waited for, in both directions.

const graceMs = 10_000;
export const slowestBytesPerSecond = 10_000;

/** How long the first `bytes` of a body or an answer may have taken, in ms. */
export function slowestMs(bytes: number): number {
  return graceMs + (bytes / slowestBytesPerSecond) * 1000;
}
