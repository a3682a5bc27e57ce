// The thread's part of storing a template: its Liquid is parsed, and its variables are found.
import { invalidBody } from '../../../lib/http/request-body.ts';
import { parseTemplate, templateVariables } from '../../../lib/mail/templates/parse.ts';
import type { TemplateSource, TemplateVariables } from '../../../lib/store/templates/template.ts';

/** Throws `validation_error` (422) naming every fault, with line and column. */
export function readLiquid(source: TemplateSource): TemplateVariables {
  const { parsed, faults } = parseTemplate(source);
  if (faults.length > 0) throw invalidBody(faults);
  return templateVariables(parsed);
}
