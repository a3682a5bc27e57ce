// Asks Amazon SNS over HTTPS, within bounds: strangers can have us ask, as only the certificate shows whether a message is a stranger's.
import pLimit from 'p-limit';
import { ApiError } from '../../../lib/http/errors.ts';

/** Of an answer. A certificate has 2,000, a confirmation less. */
const mostBytes = 16_384;
const answerWithinMs = 5_000;
const atOnce = 4;
/** More that wait are turned away. */
const mostWaiting = 50;

/** Why it was not asked: that is no failure of the address. */
export const busy = new Error('too much is asked of Amazon SNS');

export type Fetch = (url: URL, options: RequestInit) => Promise<Response>;
export type Ask = (url: URL) => Promise<string>;

/** The returned function resolves with the text of an answer 200, and throws `unavailable` (503) otherwise: then it is sent again. */
export function createAsk(fetch: Fetch): Ask {
  const limit = pLimit(atOnce);
  return async (url) => {
    if (limit.pendingCount >= mostWaiting) throw unavailable(busy);
    try {
      return await limit(async () => {
        const signal = AbortSignal.timeout(answerWithinMs);
        const response = await fetch(url, { redirect: 'error', signal });
        if (response.status === 200) return await textWithin(response);
        await response.body?.cancel();
        throw new Error(`Amazon SNS answers ${response.status}`);
      });
    } catch (error) {
      throw unavailable(error);
    }
  };
}

function unavailable(cause: unknown): ApiError {
  return new ApiError('unavailable', 'Amazon SNS cannot be asked now. Try again in a moment.', {
    headers: { 'retry-after': '30' },
    cause,
  });
}

async function textWithin(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    // Leaving the loop cancels what is left of the body.
    if (bytes > mostBytes) throw new Error('the answer of Amazon SNS is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('latin1');
}
