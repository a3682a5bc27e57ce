// From the bytes of a request to checked emails, and the fingerprint of what came: large ones in a thread, small ones at once.
import type { IncomingHttpHeaders } from 'node:http';
import { parseJson } from '../../lib/http/body.ts';
import { ApiError } from '../../lib/http/errors.ts';
import { invalidBody } from '../../lib/http/request-body.ts';
import { type Work, WorkTooLong } from '../../lib/http/work.ts';
import { type SentError, toError, toSent, withoutCopies } from '../../lib/http/work-thread.ts';
import { parseEmails } from './batch-request.ts';
import { parseEmailRequest, type RequestedEmail } from './email-request.ts';
import { fingerprint } from './idempotency.ts';
import { isAllAttached, type Lift, liftContents, putBack } from './lift-contents.ts';

/** What a request came with, checked or refused. */
export interface Read<Requested> {
  /** Throws the refusal. */
  requested(): Requested;
  /** Of the body as it was parsed; only where the request has an `Idempotency-Key`. */
  fingerprint(): string;
}

/** Bodies up to here are read at once: quicker than a thread would have them, and over before anybody notices. */
const mostAtOnce = 128_000;
/** Up to here so are those that are short without the contents of attachments: the thread would take longer to begin. Not where a fingerprint is needed. */
const mostLiftedAtOnce = 1_500_000;

interface Input {
  bytes: Uint8Array;
  now: Date;
  hasKey: boolean;
}

export type ReadAnswer<Requested> = { fingerprint: string | undefined } & (
  | { requested: Requested }
  | { refused: SentError }
);

export type ParsedBatch = (RequestedEmail | SentError)[];

type Attach = (email: RequestedEmail) => RequestedEmail;

/** The tasks of the thread. */
export const readTasks = {
  readEmail: (input: Input) =>
    readIn(
      input,
      (body, attach) => [attach(parseEmailRequest(body, input.now))],
      ([one]) => one,
    ),
  readBatch: (input: Input) =>
    readIn(
      input,
      (body, attach): ParsedBatch =>
        parseEmails(body, input.now).map((one) => (one instanceof ApiError ? toSent(one) : attach(one))),
      (all) => all,
    ),
};

function readIn<One extends RequestedEmail | SentError, Requested>(
  { bytes, hasKey }: Input,
  check: (body: unknown, attach: Attach) => One[],
  answerOf: (all: One[]) => Requested,
) {
  const { body, lift } = withLifted(liftContents(bytes)) ?? { body: parseJson(bytes) };
  const attach: Attach = (email) => attached(email, lift);
  const made = { fingerprint: hasKey ? fingerprint(body, lift?.lifted) : undefined };
  try {
    const all = check(body, attach);
    const wires = all.flatMap((one) => ('attachments' in one ? one.attachments.map(({ wire }) => wire) : []));
    return withoutCopies({ ...made, requested: answerOf(all) }, wires);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { ...made, refused: toSent(error) };
  }
}

interface Parsed {
  body: unknown;
  lift?: Lift;
}

/** Undefined: it is to be parsed as any other body, and then whatever is wrong with it is said as ever. */
function withLifted(lift: Lift | undefined): Parsed | undefined {
  if (lift === undefined) return undefined;
  try {
    const body = parseJson(lift.rest);
    return isAllAttached(body, lift) ? { body, lift } : undefined;
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}

function attached(email: RequestedEmail, lift: Lift | undefined): RequestedEmail {
  return lift === undefined ? email : { ...email, attachments: putBack(email.attachments, lift) };
}

interface Coming {
  headers: IncomingHttpHeaders;
  body: Buffer;
  client: { clientId: string };
}

export function readEmail(coming: Coming, now: Date, work: Work): Promise<Read<RequestedEmail>> | Read<RequestedEmail> {
  const parsed = parseHere(coming);
  if (parsed === undefined) return readInThread<RequestedEmail>('readEmail', coming, now, work);
  const { body, lift } = parsed;
  return {
    requested: () => attached(parseEmailRequest(body, now), lift),
    fingerprint: () => fingerprint(body, lift?.lifted),
  };
}

/** Undefined where it is for a thread. */
function parseHere({ body, headers }: Coming): Parsed | undefined {
  if (body.length <= mostAtOnce) return { body: parseJson(body) };
  if (body.length > mostLiftedAtOnce || hasKey(headers)) return undefined;
  const lift = liftContents(body);
  return lift && lift.rest.length <= mostAtOnce ? withLifted(lift) : undefined;
}

function hasKey(headers: IncomingHttpHeaders): boolean {
  return headers['idempotency-key'] !== undefined;
}

export async function readBatch(coming: Coming, now: Date, work: Work): Promise<Read<(RequestedEmail | ApiError)[]>> {
  if (coming.body.length <= mostAtOnce) return readHere(coming, (body) => parseEmails(body, now));
  const { requested, ...others } = await readInThread<ParsedBatch>('readBatch', coming, now, work);
  return {
    ...others,
    requested: () => requested().map((one) => ('message' in one ? (toError(one) as ApiError) : one)),
  };
}

function readHere<Requested>({ body: bytes }: Coming, check: (body: unknown) => Requested): Read<Requested> {
  const body = parseJson(bytes);
  return { requested: () => check(body), fingerprint: () => fingerprint(body) };
}

async function readInThread<Requested>(
  name: keyof typeof readTasks,
  { headers, body, client }: Coming,
  now: Date,
  work: Work,
): Promise<Read<Requested>> {
  const input: Input = { bytes: body, now, hasKey: hasKey(headers) };
  const options = { holder: client.clientId, transfer: isWhole(body) ? [body.buffer] : [] };
  const answer = await work<ReadAnswer<Requested>>(name, input, options).catch((error) => {
    if (!(error instanceof WorkTooLong)) throw error;
    throw invalidBody([{ path: '', message: 'The request body takes too long to read' }]);
  });
  return {
    requested() {
      if ('refused' in answer) throw toError(answer.refused);
      return answer.requested;
    },
    fingerprint: () => answer.fingerprint ?? '',
  };
}

/** Whether nobody else has a part of the same memory. */
function isWhole(body: Buffer): body is Buffer<ArrayBuffer> {
  return body.buffer instanceof ArrayBuffer && body.byteOffset === 0 && body.buffer.byteLength === body.length;
}
