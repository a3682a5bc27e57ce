// What POST /emails/replay takes: which of a client's emails are to be sent again.
import * as v from 'valibot';
import { Time } from '../../lib/http/request-body.ts';
import { selectSchema } from '../../lib/http/select-schema.ts';
import { boundedList, wholeNumber } from '../../lib/http/size-limits.ts';
import { strictObject } from '../../lib/http/strict-object.ts';
import { Address } from '../../lib/mail/address.ts';
import { replayableStatuses } from '../../lib/store/emails/transitions.ts';

const maxLimit = 1_000;

const Status = v.picklist(replayableStatuses, `must be one of ${replayableStatuses.join(', ')}`);
const StatusList = v.pipe(
  boundedList(Status, replayableStatuses.length),
  v.minLength(1, 'must have at least one status'),
);
const Statuses = selectSchema(
  (input): v.GenericSchema<unknown, v.InferOutput<typeof StatusList>> =>
    Array.isArray(input)
      ? StatusList
      : v.pipe(
          Status,
          v.transform((status) => [status]),
        ),
  v.union([Status, StatusList]),
);

export const ReplayRequest = strictObject({
  status: v.optional(Statuses, 'failed'),
  since: v.optional(Time),
  until: v.optional(Time),
  recipient: v.optional(Address),
  limit: v.optional(wholeNumber(1, maxLimit), 100),
});
