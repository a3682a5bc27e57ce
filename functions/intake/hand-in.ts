// The handler of POST /intake/message: a message that came back, as the operator's own mail server has it.
import type { ClientRequest } from '../../lib/auth/client-route.ts';
import type { Reply } from '../../lib/http/exchange.ts';
import type { TakeMessage } from './take-message.ts';

export interface HandInDependencies {
  take: TakeMessage;
  /** How much of a message is read. */
  mostBytes: number;
}

/** 200 with what became of the message, once it is committed. The caller is trusted: it need not have come to a return path. */
export async function handIn(
  { body, query }: ClientRequest<{ to?: string | undefined }, Buffer>,
  { take, mostBytes }: HandInDependencies,
): Promise<Reply> {
  const taken = await take(body.subarray(0, mostBytes), {
    source: 'message',
    to: query.to === undefined ? [] : [query.to],
  });
  return { status: 200, headers: { 'cache-control': 'no-store' }, body: { object: 'intake', ...taken } };
}
