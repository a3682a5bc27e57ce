// Attachments as callers give them: bytes, and what they are called. Never a path or an address: our server reads no file and fetches nothing for a caller.
import * as v from 'valibot';
import { selectSchema } from '../../lib/http/select-schema.ts';
import { boundedList, firstFault, text } from '../../lib/http/size-limits.ts';
import { strictObject } from '../../lib/http/strict-object.ts';
import { fileEnding } from '../../lib/mail/file-ending.ts';
import type { GivenAttachment } from '../../lib/store/emails/email.ts';
import { AttachmentContent } from './attachment-content.ts';
import { headerText } from './header-text.ts';

const maxAttachments = 50;
const maxFilename = 255;
const maxContentType = 255;
const maxContentId = 128;
const contentIdMessage = 'must be 1 to 128 characters that may stand in a Content-ID, as in logo@example.com';

const notRead = 'is not taken: no file and no address is read for a caller; give the bytes as base64 in content';

/** Characters that change the direction of text, and so can hide a file's real ending (Trojan Source). */
const turnsAround = /[\u202a-\u202e\u2066-\u2069]/;

/** RFC 9110 §8.3.1, on one line: it goes into a header as it is. */
const mediaType =
  /^[A-Za-z0-9!#$%&'*+.^_`{|}~-]+\/[A-Za-z0-9!#$%&'*+.^_`{|}~-]+(?:[ \t]*;[ \t]*[A-Za-z0-9!#$%&'*+.^_`{|}~-]+=(?:[A-Za-z0-9!#$%&'*+.^_`{|}~-]+|"[\x20\x21\x23-\x5b\x5d-\x7e]*"))*$/;

const Filename = firstFault(
  v.pipe(
    headerText(maxFilename),
    v.regex(/^[^/\\]+$/, 'must be a name, without folders'),
    v.check((name) => /[^.\s]/.test(name), 'must be a name, without folders'),
    v.check((name) => !turnsAround.test(name), 'must not change the direction of writing'),
  ),
);
/** nodemailer's `false` says that there shall be none; a part always has one here. */
const isNoName = (input: unknown) => input === undefined || input === '' || input === false;
const NoName = v.pipe(
  v.unknown(),
  v.transform(() => ''),
);

const ContentId = v.pipe(
  text(maxContentId, contentIdMessage),
  v.regex(/^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.@-]{1,128}$/, contentIdMessage),
);

const ContentType = firstFault(
  v.pipe(
    text(maxContentType),
    v.regex(mediaType, 'must be a media type such as image/png'),
    // Such parts must not be encoded (RFC 2046 §5), so their bytes could not be kept as they are.
    v.regex(/^(?!multipart\/|message\/)/i, 'must not be multipart/… or message/…; use application/octet-stream'),
  ),
);

export const AttachmentObject = strictObject(
  {
    filename: v.optional(
      selectSchema((input): v.GenericSchema<unknown, string> => (isNoName(input) ? NoName : Filename), Filename),
    ),
    content: AttachmentContent,
    content_type: v.optional(ContentType),
    content_id: v.optional(ContentId),
    /** An older name of it. */
    inline_content_id: v.optional(ContentId),
  },
  { path: notRead, href: notRead, url: notRead },
);

export const Attachments = v.pipe(
  boundedList(AttachmentObject, maxAttachments),
  v.transform((attachments) => attachments.map(toAttachment)),
  v.check((attachments) => {
    const ids = attachments.flatMap(({ content_id }) => content_id ?? []);
    return new Set(ids).size === ids.length;
  }, 'must not have a content_id twice'),
);

/** One without a name gets one, with the ending of its type. */
function toAttachment(given: v.InferOutput<typeof AttachmentObject>, index: number): GivenAttachment {
  const { content, content_type, content_id, inline_content_id } = given;
  const type = content_type ?? (v.is(ContentType, content.type) ? content.type : null);
  return {
    filename: given.filename || `attachment-${index + 1}.${fileEnding(type)}`,
    content_type: type,
    content_id: content_id ?? inline_content_id ?? null,
    size: content.size,
    wire: content.wire,
  };
}
