// What POST /send/batch takes: up to 100 emails, each checked as POST /send checks it; the faults are named by index.
import * as v from 'valibot';
import { ApiError, type Fault } from '../../lib/errors.ts';
import { exactObject } from '../../lib/exact-object.ts';
import { checkBody, invalidBody, maxFaults } from '../../lib/request-body.ts';
import { type EmailRequest, parseEmailRequest } from './email-request.ts';

export const maxEmails = 100;

/** Whether one faulty email refuses all (the default), or is left out and named. */
export type BatchValidation = 'strict' | 'permissive';

export interface BatchRequest {
  emails: EmailRequest[];
  /** Emails left out in permissive validation. */
  errors: { index: number; message: string }[];
}

const EmailsObject = exactObject({ emails: v.array(v.unknown(), 'must be a list of emails') });

/** The `x-batch-validation` header; throws `invalid_parameter` (400) when it is something else. */
export function parseBatchValidation(header: string | string[] | undefined): BatchValidation {
  const value = header ?? 'strict';
  if (value === 'strict' || value === 'permissive') return value;
  throw new ApiError('invalid_parameter', 'The header x-batch-validation must be strict or permissive.');
}

/** A bare list, or `{emails: […]}`. Throws `missing_required_field` or `validation_error` (422) naming every fault. */
export function parseBatchRequest(body: unknown, validation: BatchValidation, now: Date): BatchRequest {
  const list = Array.isArray(body) ? body : checkBody(EmailsObject, body).emails;
  if (list.length < 1 || list.length > maxEmails) {
    const path = Array.isArray(body) ? '' : 'emails';
    throw invalidBody([{ path, message: `must have 1 to ${maxEmails} emails` }]);
  }
  const emails: EmailRequest[] = [];
  const faulty: { index: number; faults: Fault[]; message: string }[] = [];
  for (const [index, one] of list.entries()) {
    try {
      emails.push(parseEmailRequest(one, now));
    } catch (error) {
      if (!(error instanceof ApiError) || error.errors === undefined) throw error;
      faulty.push({ index, faults: error.errors, message: error.message });
    }
  }
  if (validation === 'strict' && faulty.length > 0) {
    const faults = faulty.flatMap(({ index, faults }) => faults.map((fault) => at(index, fault)));
    throw invalidBody(faults.slice(0, maxFaults));
  }
  return { emails, errors: faulty.map(({ index, message }) => ({ index, message })) };
}

function at(index: number, { path, message }: Fault): Fault {
  const whole = path === '' ? `[${index}]` : `[${index}].${path}`;
  // "to is required" names its field itself.
  return { path: whole, message: path !== '' && message.startsWith(`${path} `) ? `[${index}].${message}` : message };
}
