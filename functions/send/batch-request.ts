// What POST /send/batch takes: up to 100 emails, each checked as POST /send checks it; the faults are named by index.
import * as v from 'valibot';
import { ApiError, type Fault } from '../../lib/http/errors.ts';
import { checkBody, invalidBody, maxFaults } from '../../lib/http/request-body.ts';
import { strictObject } from '../../lib/http/strict-object.ts';
import { EmailBody, type EmailRequest, parseEmailRequest, type RequestedEmail } from './email-request.ts';

export const maxEmails = 100;

/** Whether one faulty email refuses all (the default), or is left out and named. */
export type BatchValidation = 'strict' | 'permissive';

export interface BatchRequest {
  emails: EmailRequest[];
  /** Emails left out in permissive validation. */
  errors: { index: number; message: string }[];
}

const EmailsObject = strictObject({ emails: v.array(v.unknown(), 'must be a list of emails') });

const EmailList = v.pipe(v.array(EmailBody), v.minLength(1), v.maxLength(maxEmails));
export const BatchObject = v.strictObject({ emails: EmailList });
/** A bare list, or an object with it. `parseBatchRequest` checks email by email. */
export const BatchBody = v.union([EmailList, BatchObject]);

/** The `x-batch-validation` header; throws `invalid_parameter` (400) when it is something else. */
export function parseBatchValidation(header: string | string[] | undefined): BatchValidation {
  const value = header ?? 'strict';
  if (value === 'strict' || value === 'permissive') return value;
  throw new ApiError('invalid_parameter', 'The header x-batch-validation must be strict or permissive.');
}

/** A bare list, or `{emails: […]}`. Throws `missing_required_field` or `validation_error` (422) naming every fault, those of templates with them: `write` renders. */
export function parseBatchRequest(
  body: unknown,
  validation: BatchValidation,
  now: Date,
  write: (requests: RequestedEmail[]) => Promise<(EmailRequest | ApiError)[]>,
): Promise<BatchRequest> {
  return writeBatch(parseEmails(body, now), validation, write);
}

/** Each email of a batch, or what is wrong with it; throws where it is no batch. */
export function parseEmails(body: unknown, now: Date): (RequestedEmail | ApiError)[] {
  const list = Array.isArray(body) ? body : checkBody(EmailsObject, body).emails;
  if (list.length < 1 || list.length > maxEmails) {
    const path = Array.isArray(body) ? '' : 'emails';
    throw invalidBody([{ path, message: `must have 1 to ${maxEmails} emails` }]);
  }
  return list.map((one) => parsedOrError(one, now));
}

/** Renders the templates of what could be parsed, and gathers the faults. */
export async function writeBatch(
  parsed: (RequestedEmail | ApiError)[],
  validation: BatchValidation,
  write: (requests: RequestedEmail[]) => Promise<(EmailRequest | ApiError)[]>,
): Promise<BatchRequest> {
  const written = await write(parsed.flatMap((one) => (one instanceof ApiError ? [] : [one])));
  const emails: EmailRequest[] = [];
  const faulty: { index: number; faults: Fault[]; message: string }[] = [];
  for (const [index, one] of parsed.entries()) {
    const outcome = one instanceof ApiError ? one : written.shift();
    if (outcome instanceof ApiError) faulty.push({ index, faults: outcome.errors ?? [], message: outcome.message });
    else if (outcome !== undefined) emails.push(outcome);
  }
  if (validation === 'strict' && faulty.length > 0) {
    const faults = faulty.flatMap(({ index, faults }) => faults.map((fault) => at(index, fault)));
    throw invalidBody(faults.slice(0, maxFaults));
  }
  return { emails, errors: faulty.map(({ index, message }) => ({ index, message })) };
}

function parsedOrError(one: unknown, now: Date): RequestedEmail | ApiError {
  try {
    return parseEmailRequest(one, now);
  } catch (error) {
    if (error instanceof ApiError && error.errors !== undefined) return error;
    throw error;
  }
}

function at(index: number, { path, message }: Fault): Fault {
  const whole = path === '' ? `[${index}]` : `[${index}].${path}`;
  // "to is required" names its field itself.
  return { path: whole, message: path !== '' && message.startsWith(`${path} `) ? `[${index}].${message}` : message };
}
