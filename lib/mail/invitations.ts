// Invitations (iMIP, RFC 6047): mail programs take them as such where they are an alternative to the text, not where they are attached.
import type { Attachment } from '../store/emails/email.ts';

/** `text/calendar; method=REQUEST`, whatever the method. */
export function isInvitation({ content_type }: Pick<Attachment, 'content_type'>): boolean {
  return content_type !== null && /^text\/calendar[ \t]*;(?:.*;)?[ \t]*method=/i.test(content_type);
}

/** Its media type as an alternative. RFC 6047 §2.4 wants the charset said; RFC 5545 §3.1.4 says which it is without. */
export function typeOfInvitation(contentType: string): string {
  return /;[ \t]*charset=/i.test(contentType) ? contentType : `${contentType}; charset=utf-8`;
}
