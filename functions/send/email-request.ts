// What POST /send takes: the full form (from, to, …) or the original form (email, to_email, …), checked field by field.
import * as v from 'valibot';
import type { Mailbox } from '../../lib/emails.ts';
import { ApiError, type Fault } from '../../lib/errors.ts';
import { defaultBody } from './default-body.ts';
import { exactObject } from './exact-object.ts';
import { Address, headerText, MailboxList, MailboxSchema } from './mailbox.ts';

/** A checked request, the same whichever form it came in. */
export interface EmailRequest {
  from: Mailbox;
  to: Mailbox[];
  cc: Mailbox[];
  bcc: Mailbox[];
  reply_to: Mailbox[];
  subject: string;
  text?: string | undefined;
  html?: string | undefined;
}

/** RFC 5322 §2.1.1 has lines of 998 characters at most. */
const maxSubject = 998;
/** To, cc and bcc together. */
const maxRecipients = 50;

const BodyText = v.pipe(
  v.string('must be a string'),
  v.check((text) => !text.includes('\0'), 'must not have NUL characters'),
  v.check((text) => text.isWellFormed(), 'must be well-formed Unicode'),
);
const Subject = headerText(maxSubject);
const optionalList = v.optional(MailboxList, []);
const content = { text: v.optional(BodyText), html: v.optional(BodyText) };

const FullForm = v.pipe(
  exactObject({
    from: MailboxSchema,
    to: v.pipe(MailboxList, v.minLength(1, 'must have at least one recipient')),
    cc: optionalList,
    bcc: optionalList,
    reply_to: optionalList,
    subject: Subject,
    ...content,
  }),
  v.forward(
    v.partialCheck(
      [['to'], ['cc'], ['bcc']],
      ({ to, cc, bcc }) => to.length + cc.length + bcc.length <= maxRecipients,
      `to, cc and bcc may have ${maxRecipients} recipients together at most`,
    ),
    ['to'],
  ),
  v.forward(
    v.partialCheck(
      [['text'], ['html']],
      ({ text, html }) => text !== undefined || html !== undefined,
      missing('text or html'),
    ),
    ['text'],
  ),
);

const OriginalForm = exactObject({
  email: Address,
  name: v.optional(headerText(256)),
  to_email: Address,
  to_name: v.optional(headerText(256)),
  subject: Subject,
  ...content,
});

const originalFields = ['email', 'name', 'to_email', 'to_name'];

/**
 * Checks a parsed request body. Throws `missing_required_field` or `validation_error` (422) naming every fault at once.
 * In the original form, a body without content gets a default text and HTML.
 */
export function parseEmailRequest(body: unknown): EmailRequest {
  if (!v.is(v.record(v.string(), v.unknown()), body) || Array.isArray(body)) {
    throw invalid([{ path: '', message: 'must be a JSON object' }]);
  }
  if (!originalFields.some((field) => field in body)) return check(FullForm, body);
  const { email, name, to_email, to_name, subject, text, html } = check(OriginalForm, body);
  const from = toMailbox(email, name);
  const to = toMailbox(to_email, to_name);
  const hasContent = text !== undefined || html !== undefined;
  return {
    from,
    to: [to],
    cc: [],
    bcc: [],
    reply_to: [],
    subject,
    ...(hasContent ? { text, html } : defaultBody(from, to)),
  };
}

function check<const Schema extends v.GenericSchema>(schema: Schema, body: unknown): v.InferOutput<Schema> {
  const result = v.safeParse(schema, body);
  if (result.success) return result.output;
  throw invalid(result.issues.map(toFault));
}

function toFault(issue: v.BaseIssue<unknown>): Fault {
  const path = (issue.path ?? []).reduce(
    (soFar, { key }) => (typeof key === 'number' ? `${soFar}[${key}]` : soFar === '' ? String(key) : `${soFar}.${key}`),
    '',
  );
  if (issue.type === 'strict_object' && issue.expected === 'never')
    return { path, message: 'is not a field of this request' };
  if (issue.received === 'undefined') return { path, message: missing(path) };
  return { path, message: issue.message };
}

function missing(field: string): string {
  return `${field} is required`;
}

function invalid(errors: Fault[]): ApiError {
  const detail = errors
    .map(({ path, message }) => (message.startsWith(path) ? message : `${path} ${message}`))
    .join('; ');
  const onlyMissing = errors.every(({ message }) => message.endsWith('is required'));
  return new ApiError(onlyMissing ? 'missing_required_field' : 'validation_error', `${detail}.`, { errors });
}

function toMailbox(email: string, name: string | undefined): Mailbox {
  return name ? { email, name } : { email };
}
