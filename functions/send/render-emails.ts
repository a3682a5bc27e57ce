// Renders the templates of requested emails when they are accepted, so that the stored content is the sent content.
import { setImmediate } from 'node:timers/promises';
import * as v from 'valibot';
import { ApiError, type Fault } from '../../lib/http/errors.ts';
import { invalidBody } from '../../lib/http/request-body.ts';
import type { WantedTemplate } from '../../lib/store/templates/read.ts';
import type { RenderBudget } from '../../lib/store/templates/template.ts';
import { BodyText, type EmailRequest, type RequestedEmail, Subject } from './email-request.ts';
import { relayHeaderErrors } from './relay-headers.ts';
import type { FoundTemplate } from './template-cache.ts';

/** Milliseconds that all renderings of one request may take together: a hundred usual ones take a tenth. */
const maxRequestMs = 1_000;

/** In order; an error (422) where a header is not the client's to set, or a template is unknown, lacks variables, or renders to what may not be sent. */
export type WriteEmails = (clientId: string, requests: RequestedEmail[]) => Promise<(EmailRequest | ApiError)[]>;

/** `maxCharacters` is what all templates of one request may render to: as much as a request can bring by itself. */
export function createWriter(
  findTemplate: (wanted: WantedTemplate) => Promise<FoundTemplate>,
  mayRelayHeaders: (clientId: string) => Promise<boolean>,
  maxCharacters: number,
): WriteEmails {
  return async (clientId, requests) => {
    const refused = await relayHeaderErrors(requests, () => mayRelayHeaders(clientId));
    const budget: RenderBudget = { msLeft: maxRequestMs, charactersLeft: maxCharacters };
    const found = await Promise.all(
      requests.map(({ template }) => {
        return (
          template && findTemplate({ client_id: clientId, template: template.template, version: template.version })
        );
      }),
    );
    const written: (EmailRequest | ApiError)[] = [];
    for (const [index, request] of requests.entries()) {
      const template = found[index];
      const refusal = refused[index];
      if (refusal !== undefined) written.push(refusal);
      else if (template === undefined) written.push(asGiven(request));
      else {
        // Other requests get a turn between two renderings.
        if (written.length > 0) await setImmediate();
        written.push(await write(request, template, budget));
      }
    }
    return written;
  };
}

/** One email; throws what there is to say against it. */
export async function writeOne(
  writeEmails: WriteEmails,
  clientId: string,
  request: RequestedEmail,
): Promise<EmailRequest> {
  const [written] = await writeEmails(clientId, [request]);
  if (written === undefined || written instanceof ApiError) throw written;
  return written;
}

/** Without a template, the check of the request ensures a subject. */
function asGiven(request: RequestedEmail): EmailRequest {
  return { ...request, template: undefined, subject: request.subject ?? '' };
}

async function write(
  request: RequestedEmail,
  found: FoundTemplate,
  budget: RenderBudget,
): Promise<EmailRequest | ApiError> {
  if ('unknown' in found) return invalidBody([{ path: 'template', message: found.unknown }]);
  const { renderTemplate } = await import('../../lib/mail/templates/render.ts');
  const { used, parsed } = found;
  const { template, subject: given, ...others } = request;
  const without = given === undefined ? [] : (['subject'] as const);
  const { rendered, faults } = renderTemplate(parsed, template?.data ?? {}, budget, without);
  if (faults.length > 0) return invalidBody(faults);

  const refused: Fault[] = [];
  /** A rendered part must pass the same checks as a given one. */
  function check<Part extends 'subject' | 'text' | 'html'>(part: Part, schema: v.GenericSchema<unknown, string>) {
    const result = v.safeParse(v.nullable(schema), rendered[part]);
    if (!result.success)
      refused.push({ path: 'template', message: `renders a ${part} that ${result.issues[0].message}` });
    return (result.success ? result.output : null) ?? undefined;
  }
  const subject = given ?? check('subject', Subject) ?? '';
  const text = check('text', BodyText);
  const html = check('html', BodyText);
  return refused.length > 0 ? invalidBody(refused) : { ...others, subject, text, html, template: used };
}
