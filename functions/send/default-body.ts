// The body of an email that came without one, as the original API rendered it from the names alone.
import type { Mailbox } from '../../lib/store/emails/email.ts';

export function defaultBody(from: Mailbox, to: Mailbox): { text: string; html: string } {
  const receiver = to.name ?? to.email;
  const sender = from.name ?? from.email;
  return {
    text: `Hello ${receiver},\n\nthis email was sent to you by ${sender}.\n`,
    html: `<p>Hello ${escapeHtml(receiver)},</p>\n<p>this email was sent to you by ${escapeHtml(sender)}.</p>\n`,
  };
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
