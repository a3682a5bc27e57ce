// The usual ending of a file's name, by its media type.
import { detectExtension } from 'nodemailer/lib/mime-funcs';

/** Without the dot; `bin` for a type that has none of its own, and for no type. */
export function fileEnding(mediaType: string | null): string {
  return detectExtension(mediaType ?? '');
}
