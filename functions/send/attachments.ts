// Attachments as callers give them: bytes in base64. Never a path or an address: our server reads no file and fetches nothing for a caller.
import * as v from 'valibot';
import { boundedList, firstFault, mostBodyBytes, text } from '../../lib/http/size-limits.ts';
import { strictObject } from '../../lib/http/strict-object.ts';
import { decodedBytes, inLines } from '../../lib/store/emails/base64-lines.ts';
import type { GivenAttachment } from '../../lib/store/emails/email.ts';
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

export const AttachmentObject = strictObject(
  {
    filename: firstFault(
      v.pipe(
        headerText(maxFilename),
        v.regex(/^[^/\\]+$/, 'must be a name, without folders'),
        v.check((name) => /[^.\s]/.test(name), 'must be a name, without folders'),
        v.check((name) => !turnsAround.test(name), 'must not change the direction of writing'),
      ),
    ),
    content: firstFault(
      v.pipe(
        text(mostBodyBytes),
        v.metadata({ contentEncoding: 'base64' }),
        v.rawTransform(({ dataset, addIssue, NEVER }) => {
          const given = Buffer.from(dataset.value);
          const wire = inLines(given);
          if (wire !== undefined) return { wire, size: decodedBytes(given) };
          addIssue({ message: 'must be base64 (RFC 4648 §4), without line breaks' });
          return NEVER;
        }),
      ),
    ),
    content_type: v.nullish(
      firstFault(
        v.pipe(
          text(maxContentType),
          v.regex(mediaType, 'must be a media type such as image/png'),
          // Such parts must not be encoded (RFC 2046 §5), so their bytes could not be kept as they are.
          v.regex(/^(?!multipart\/|message\/)/i, 'must not be multipart/… or message/…; use application/octet-stream'),
        ),
      ),
    ),
    content_id: v.nullish(
      v.pipe(
        text(maxContentId, contentIdMessage),
        v.regex(/^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.@-]{1,128}$/, contentIdMessage),
      ),
    ),
  },
  { path: notRead, href: notRead, url: notRead },
);

export const Attachments = v.pipe(
  boundedList(AttachmentObject, maxAttachments),
  v.check((attachments) => {
    const ids = attachments.flatMap(({ content_id }) => content_id ?? []);
    return new Set(ids).size === ids.length;
  }, 'must not have a content_id twice'),
  v.transform((attachments) =>
    attachments.map(
      ({ filename, content: { wire, size }, content_type, content_id }): GivenAttachment => ({
        filename,
        content_type: content_type ?? null,
        content_id: content_id ?? null,
        size,
        wire,
      }),
    ),
  ),
);
