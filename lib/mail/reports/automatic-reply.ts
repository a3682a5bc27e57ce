// Knows automatic replies (RFC 3834): they say nothing about a delivery, and change nothing.
import { decodeWords } from './decode-text.ts';
import { type Fields, field } from './fields.ts';

/** Subjects of absence notes, where no field says what they are. */
const subjects =
  /^(auto(matic)?[- ]?(reply|response|antwort)|automatische (antwort|abwesenheit)|abwesen|out of (the )?office|out-of-office|vacation|away from|i am (away|out|on)|on (vacation|holiday|leave)|r[ée]ponse automatique|absence|respuesta autom|risposta automatica|resposta autom|autosvar|fuera de (la )?oficina|自動応答|自動返信|不在)|\b(is|am) out of (the )?office\b|\bauto-?repl(y|ied)\b/i;

export function isAutomaticReply(fields: Fields): boolean {
  const submitted = field(fields, 'auto-submitted').toLowerCase();
  if (/^auto-(replied|notified)/.test(submitted)) return true;
  if (
    ['x-autoreply', 'x-autorespond', 'x-autoresponder', 'x-autoreply-from', 'x-mail-autoreply'].some((name) =>
      fields.has(name),
    )
  )
    return true;
  if (/\b(auto_reply|auto-reply)\b/i.test(field(fields, 'precedence', 'x-precedence'))) return true;
  if (/\bvacation\b/i.test(field(fields, 'x-mailer', 'delivered-by-the-graces-of'))) return true;
  if (/\b(oof|autoreply|all)\b/i.test(field(fields, 'x-auto-response-suppress')) && isAnswer(fields)) return true;
  return subjects.test(decodeWords(field(fields, 'subject')).trim());
}

function isAnswer(fields: Fields): boolean {
  return fields.has('in-reply-to') || /^(re|aw|sv|antw) ?:/i.test(field(fields, 'subject'));
}
