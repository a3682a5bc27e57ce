// What POST /send takes: the full form (from, to, …) or the original form (email, to_email, …), checked field by field.
import * as v from 'valibot';
import type { Fault } from '../../lib/http/errors.ts';
import { checkBody, checkObject, invalidBody, missing, Time } from '../../lib/http/request-body.ts';
import { firstFault, mostBodyBytes, text } from '../../lib/http/size-limits.ts';
import { strictObject } from '../../lib/http/strict-object.ts';
import type { DeliveryMode, GivenAttachment, Lane, Mailbox, Tag, UsedTemplate } from '../../lib/store/emails/email.ts';
import { Attachments } from './attachments.ts';
import { CustomHeaders, headerValue } from './custom-headers.ts';
import { defaultBody } from './default-body.ts';
import { headerText } from './header-text.ts';
import { MailAddress } from './mail-address.ts';
import { DisplayName, MailboxList, MailboxSchema, maxRecipients, ReplyToList } from './mailbox.ts';
import { Metadata, Tags } from './tags-and-metadata.ts';
import { type Reference, TemplateData, TemplateReference, type TemplateUse } from './template-reference.ts';
import { ScheduleTime } from './time-in-words.ts';
import { Unsubscribe, unsubscribeHeaders } from './unsubscribe.ts';

/** What is to be sent: a checked request, its template rendered. */
export interface EmailRequest {
  from: Mailbox;
  to: Mailbox[];
  cc: Mailbox[];
  bcc: Mailbox[];
  reply_to: Mailbox[];
  subject: string;
  text?: string | undefined;
  html?: string | undefined;
  /** What it was rendered from. */
  template?: UsedTemplate | undefined;
  attachments: GivenAttachment[];
  /** Those the caller adds, unsubscribing among them. */
  headers: Record<string, string>;
  tags: Tag[];
  metadata: Record<string, string>;
  lane: Lane;
  delivery: DeliveryMode;
  /** When to deliver; undefined: at once. */
  scheduled_at?: Date | undefined;
  /** Not to be delivered later than this. */
  expires_at?: Date | undefined;
}

/** A checked request, the same whichever form it came in. With a template it has no text and no HTML yet, and perhaps no subject. */
export interface RequestedEmail extends Omit<EmailRequest, 'subject' | 'template'> {
  subject?: string | undefined;
  template?: TemplateUse | undefined;
}

/** RFC 5322 §2.1.1 has lines of 998 characters at most. */
const maxSubject = 998;
export const maxScheduleAheadMs = 366 * 24 * 3_600_000;

export const BodyText = firstFault(
  v.pipe(
    text(mostBodyBytes),
    v.check((given) => !given.includes('\0'), 'must not have NUL characters'),
    v.check((given) => given.isWellFormed(), 'must be well-formed Unicode'),
  ),
);
export const Subject = v.pipe(
  headerText(maxSubject),
  // White space around a header's value does not survive its way.
  v.transform((given) => given.trim()),
);
const optionalList = v.optional(MailboxList, []);
const content = {
  // Without one, that of the template.
  subject: v.optional(Subject),
  text: v.optional(BodyText),
  html: v.optional(BodyText),
  template: v.optional(TemplateReference),
  data: v.optional(TemplateData),
};

const extras = {
  attachments: v.optional(Attachments, []),
  headers: v.optional(CustomHeaders, {}),
  tags: v.optional(Tags, []),
  metadata: v.optional(Metadata, {}),
  unsubscribe: v.optional(Unsubscribe),
};
const handling = {
  lane: v.optional(v.picklist(['transactional', 'bulk'], 'must be transactional or bulk'), 'transactional'),
  delivery: v.optional(
    v.picklist(['at_least_once', 'at_most_once'], 'must be at_least_once or at_most_once'),
    'at_least_once',
  ),
  scheduled_at: v.optional(ScheduleTime),
  expires_at: v.optional(Time),
};

/** The full form of a request. */
export const FullForm = v.pipe(
  strictObject({
    from: MailboxSchema,
    to: v.pipe(MailboxList, v.minLength(1, 'must have at least one recipient')),
    cc: optionalList,
    bcc: optionalList,
    reply_to: v.optional(ReplyToList, []),
    ...content,
    ...extras,
    ...handling,
  }),
  v.forward(
    v.partialCheck(
      [['to'], ['cc'], ['bcc']],
      ({ to, cc, bcc }) => to.length + cc.length + bcc.length <= maxRecipients,
      `to, cc and bcc may have ${maxRecipients} recipients together at most`,
    ),
    ['to'],
  ),
  contentCheck({ hasDefault: false }),
);

/** The form of the original API. */
export const OriginalForm = v.pipe(
  strictObject({
    email: MailAddress,
    name: v.optional(DisplayName),
    to_email: MailAddress,
    to_name: v.optional(DisplayName),
    ...content,
    ...extras,
    ...handling,
  }),
  contentCheck({ hasDefault: true }),
);

/** Either form. `parseEmailRequest` checks the one that the caller meant. */
export const EmailBody = v.union([FullForm, OriginalForm]);

const originalFields = ['email', 'name', 'to_email', 'to_name'];

/**
 * Checks a parsed request body. Throws `missing_required_field` or `validation_error` (422) naming every fault at once.
 * In the original form, a body without content gets a default text and HTML.
 */
export function parseEmailRequest(body: unknown, now: Date): RequestedEmail {
  const request = parseForm(body);
  const { scheduled_at, expires_at, headers, unsubscribe, template, data } = request;
  const errors: Fault[] = [];
  if (scheduled_at && scheduled_at.getTime() > now.getTime() + maxScheduleAheadMs) {
    errors.push({ path: 'scheduled_at', message: 'may be a year ahead at most' });
  }
  if (expires_at && expires_at <= (scheduled_at ?? now)) {
    errors.push({ path: 'expires_at', message: 'must be after scheduled_at, and in the future' });
  }
  const own = unsubscribe ? unsubscribeHeaders(unsubscribe) : {};
  if (unsubscribe && ['list-unsubscribe', 'list-unsubscribe-post'].some((name) => headerValue(headers, name))) {
    errors.push({ path: 'unsubscribe', message: 'must not be given together with its headers' });
  }
  if (data && template?.variables) {
    errors.push({ path: 'data', message: 'must not be given together with the variables of the template' });
  }
  if (errors.length > 0) throw invalidBody(errors);
  return {
    ...request,
    ...writtenParts(request),
    template: template && useOf(template, data),
    headers: { ...headers, ...own },
    // A time that has passed means now: clocks differ, and requests take time.
    scheduled_at: scheduled_at && scheduled_at > now ? scheduled_at : undefined,
  };
}

/** Programs write '' for a part that there is not. Where it is all there is, it is the text. */
function writtenParts({ text, html }: Pick<Parsed, 'text' | 'html'>): Pick<Parsed, 'text' | 'html'> {
  if (html === '' && text !== undefined) return { text, html: undefined };
  return text === '' && html !== undefined ? { text: undefined, html } : { text, html };
}

function useOf({ template, version, variables }: Reference, data: Record<string, unknown> = {}): TemplateUse {
  return { template, version, data: variables ?? data };
}

type Parsed = Omit<RequestedEmail, 'template'> & {
  template?: v.InferOutput<typeof TemplateReference> | undefined;
  data?: v.InferOutput<typeof TemplateData> | undefined;
  unsubscribe?: v.InferOutput<typeof Unsubscribe> | undefined;
};

/** What the content fields may be together: a template, or what is sent itself. */
function contentCheck<Input extends object>({ hasDefault }: { hasDefault: boolean }) {
  return v.rawCheck<Input>(({ dataset, addIssue }) => {
    if (typeof dataset.value !== 'object' || dataset.value === null) return;
    const input = dataset.value as Record<string, unknown>;
    const refuse = (key: string, message: string) =>
      addIssue({ message, path: [{ type: 'object', origin: 'value', input, key, value: input[key] }] });
    const has = (key: string) => input[key] !== undefined;
    if (has('template')) {
      for (const key of ['text', 'html'].filter((key) => input[key]))
        refuse(key, 'must not be given together with a template');
    } else {
      if (!has('subject')) refuse('subject', missing('subject'));
      if (!hasDefault && !has('text') && !has('html')) refuse('text', missing('text or html or template'));
      if (has('data')) refuse('data', 'is for a template, and there is none');
    }
  });
}

function parseForm(body: unknown): Parsed {
  checkObject(body);
  if (!originalFields.some((field) => body[field] != null)) return checkBody(FullForm, body);
  const { email, name, to_email, to_name, text, html, ...others } = checkBody(OriginalForm, body);
  const from = toMailbox(email, name);
  const to = toMailbox(to_email, to_name);
  const hasContent = text !== undefined || html !== undefined || others.template !== undefined;
  const written = hasContent ? { text, html } : defaultBody(from, to);
  return { from, to: [to], cc: [], bcc: [], reply_to: [], ...others, ...written };
}

function toMailbox(email: string, name: string | undefined): Mailbox {
  return name ? { email, name } : { email };
}
