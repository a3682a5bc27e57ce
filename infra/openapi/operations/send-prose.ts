// What each field of the requests of the send function is.
import { AttachmentObject } from '../../../functions/send/attachments.ts';
import { BatchObject } from '../../../functions/send/batch-request.ts';
import { FullForm, OriginalForm } from '../../../functions/send/email-request.ts';
import { EraseRequest } from '../../../functions/send/erase-recipient.ts';
import { MailboxObject, maxRecipients } from '../../../functions/send/mailbox.ts';
import { ReplayRequest } from '../../../functions/send/replay-request.ts';
import { RescheduleRequest } from '../../../functions/send/reschedule-email.ts';
import { TagObject } from '../../../functions/send/tags-and-metadata.ts';
import { TemplateReferenceObject } from '../../../functions/send/template-reference.ts';
import { Unsubscribe } from '../../../functions/send/unsubscribe.ts';
import type { Prose } from '../operation.ts';

const scheduled_at =
  'When to deliver: ISO 8601, or in English words such as `in 1 hour` or `tomorrow at 9am` (UTC unless they name a zone); a year ahead at most. A time that has passed means now, but not in words.';

const together = `to, cc and bcc have ${maxRecipients} recipients together at most.`;

const inBothForms = {
  subject:
    'White space around it is dropped. It may be left out where there is a template, and else stands in place of its subject.',
  template:
    'The template that it is written with, by name or id: the newest version, or a certain one (`{name, version}`). In place of text and html.',
  data: 'Values for the variables of the template: 100,000 characters of JSON at most, nested 20 levels deep at most. They are never read as templates themselves.',
  attachments: 'Files, and images for the HTML.',
  headers:
    'Further headers by name. Not those of addresses, routing, structure and signatures (From, Received, Content-…, DKIM-…); 998 bytes a header, name included. ASCII arrives as it is; other text is encoded where the header has a place for it. `List-Unsubscribe-Post` wants a `List-Unsubscribe` with one https address.',
  tags: 'What to find it by (`GET /emails?tag=`): names, or names with a value.',
  metadata: 'Notes on it by name: shown by `GET /emails/{id}`, never sent.',
  unsubscribe: 'Unsubscribing with one click (RFC 8058). Not together with its two headers.',
  lane: '`bulk` waits for whatever is `transactional`.',
  delivery:
    'When a connection is lost between the whole message and its reply, nobody knows whether the relay took it: `at_least_once` tries again (the same Message-ID), `at_most_once` ends as `unknown`.',
  scheduled_at,
  expires_at: 'Not to be delivered later than this: after scheduled_at, and in the future.',
};

export const sendProse: Prose[] = [
  { schema: BatchObject, name: 'BatchRequest', fields: { emails: 'The emails.' } },
  {
    schema: FullForm,
    name: 'EmailRequest',
    description: 'An email. It has a subject, and a text, an HTML body or both; or a template.',
    fields: {
      ...inBothForms,
      from: 'The sender.',
      to: `The recipients. ${together}`,
      cc: `Recipients of a copy. ${together}`,
      bcc: `Recipients of a copy whom nobody sees. ${together}`,
      reply_to: 'Where answers go.',
      text: 'The body as plain text. It may be left out where there is an HTML body.',
      html: 'The body as HTML. It may be left out where there is a text.',
    },
  },
  {
    schema: OriginalForm,
    name: 'OriginalEmailRequest',
    description: 'An email in the form of the original API: one recipient, and a default body where none is given.',
    fields: {
      ...inBothForms,
      email: 'Address of the sender.',
      name: 'Name of the sender.',
      to_email: 'Address of the recipient.',
      to_name: 'Name of the recipient.',
      text: 'The body as plain text.',
      html: 'The body as HTML.',
    },
  },
  {
    schema: MailboxObject,
    name: 'MailboxObject',
    description: 'An address and a name.',
    fields: {
      email:
        'One address: 254 bytes at most, 64 of them before the @, its domain in ASCII. No quoted local parts. Letters of every script are taken; before the @ they want a relay with SMTPUTF8.',
      name: 'The name to show.',
    },
  },
  {
    schema: AttachmentObject,
    name: 'Attachment',
    description: 'A file. Its bytes are in the request: no path and no address is read for a caller.',
    fields: {
      filename: 'Its name, without folders. One without gets a name by its type.',
      content:
        'Its bytes in base64 (RFC 4648), also URL-safe, unpadded or in lines; or as a data: URI, a list of bytes, or what JSON makes of a Buffer.',
      content_type:
        'Its media type, told by the name unless given. Not `multipart/…` and not `message/…`. One of `text/calendar; method=REQUEST`, or another method, also is an alternative to the text: an invitation.',
      content_id: 'How the HTML names it (`<img src="cid:logo">`): makes it an inline image. Once an email.',
      inline_content_id: 'An older name of `content_id`.',
    },
  },
  {
    schema: TagObject,
    name: 'Tag',
    description: 'A tag with a value.',
    fields: { name: 'Its name; no colon.', value: 'Its value.' },
  },
  {
    schema: TemplateReferenceObject,
    name: 'TemplateReference',
    description: 'A template, by its name or by its id.',
    fields: {
      name: 'Its name.',
      id: 'Its id, in place of the name.',
      version: 'Number of the version; the newest unless given.',
      variables: 'Values for its variables, in place of `data`.',
    },
  },
  {
    schema: Unsubscribe,
    name: 'Unsubscribe',
    description: 'Stands for the headers List-Unsubscribe and List-Unsubscribe-Post.',
    fields: {
      url: 'Where a POST unsubscribes the recipient: https, or with `one_click: false` also http and mailto.',
      one_click: 'Whether mail programs may do it by themselves, with one click.',
    },
  },
  {
    schema: RescheduleRequest,
    name: 'RescheduleRequest',
    description: 'Another time for a scheduled email.',
    fields: {
      ...{ id: 'The id again, as some SDKs send it.', email_id: 'The same.' },
      scheduled_at,
    },
  },
  {
    schema: ReplayRequest,
    name: 'ReplayRequest',
    description: 'Which emails are to be sent again.',
    fields: {
      status: 'What they ended as: one status, or a list of them.',
      since: 'Only those accepted at this time or later.',
      until: 'Only those accepted before this time.',
      recipient: 'Only those to this address; case does not matter.',
      limit: 'So many at most, the oldest first.',
    },
  },
  {
    schema: EraseRequest,
    name: 'EraseRequest',
    description: 'Whom to forget.',
    fields: { recipient: 'The address, whole; case and the spelling of its domain do not matter.' },
  },
];
