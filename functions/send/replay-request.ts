// What POST /emails/replay takes: which of a client's emails are to be sent again.
import * as v from 'valibot';
import { Address } from '../../lib/address.ts';
import { wholeNumber } from '../../lib/bounded.ts';
import { chosen } from '../../lib/chosen.ts';
import { replayableStatuses } from '../../lib/emails/email.ts';
import type { ReplayFilter } from '../../lib/emails/replay.ts';
import { exactObject } from '../../lib/exact-object.ts';
import { checkBody, Time } from '../../lib/request-body.ts';

const maxLimit = 1_000;

const Status = v.picklist(replayableStatuses, `must be one of ${replayableStatuses.join(', ')}`);
const StatusList = v.pipe(v.array(Status), v.minLength(1, 'must have at least one status'));
const Statuses = chosen(
  (input): v.GenericSchema<unknown, v.InferOutput<typeof StatusList>> =>
    Array.isArray(input)
      ? StatusList
      : v.pipe(
          Status,
          v.transform((status) => [status]),
        ),
  v.union([Status, StatusList]),
);

export const ReplayRequest = exactObject({
  status: v.optional(Statuses, 'failed'),
  since: v.optional(Time),
  until: v.optional(Time),
  recipient: v.optional(Address),
  limit: v.optional(wholeNumber(1, maxLimit), 100),
});

/** Checks a parsed request body. Throws `validation_error` (422) naming every fault at once. */
export function parseReplayRequest(body: unknown): { filter: ReplayFilter; limit: number } {
  const { limit, ...filter } = checkBody(ReplayRequest, body);
  return { filter, limit };
}
