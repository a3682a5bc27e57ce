// Renders the templates of requested emails when they are accepted, so that the stored content is the sent content.
import * as v from 'valibot';
import { ApiError, type Fault } from '../../lib/http/errors.ts';
import { invalidBody, missing } from '../../lib/http/request-body.ts';
import { type Work, WorkTooLong } from '../../lib/http/work.ts';
import type { UsedTemplate } from '../../lib/store/emails/email.ts';
import type { WantedTemplate } from '../../lib/store/templates/read.ts';
import { fallbacksOf } from '../../lib/store/templates/template.ts';
import { BodyText, type EmailRequest, type RequestedEmail, Subject } from './email-request.ts';
import { relayHeaderErrors } from './relay-headers.ts';
import type { Rendered, RenderInput, Rendering } from './render-task.ts';
import type { FoundTemplate } from './template-cache.ts';

/** Milliseconds that all renderings of one request may take together: a hundred usual ones take a tenth. */
const maxRequestMs = 1_000;
/** No filter outlasts this: the thread is ended. */
const hardLimitMs = 2_000;

/** In order; an error (422) where a header is not the client's to set, or a template is unknown, lacks variables, or renders to what may not be sent. */
export type WriteEmails = (clientId: string, requests: RequestedEmail[]) => Promise<(EmailRequest | ApiError)[]>;

export interface WriterOptions {
  /** What all templates of one request may render to: as much as a request can bring by itself. */
  maxCharacters: number;
  /** Of the dates in templates. */
  timeZone: string;
}

export function createWriter(
  findTemplate: (wanted: WantedTemplate) => Promise<FoundTemplate>,
  mayRelayHeaders: (clientId: string) => Promise<boolean>,
  work: Work,
  { maxCharacters, timeZone }: WriterOptions,
): WriteEmails {
  return async (clientId, requests) => {
    const refused = await relayHeaderErrors(requests, () => mayRelayHeaders(clientId));
    if (requests.every(({ template }) => template === undefined))
      return requests.map((request, index) => refused[index] ?? asGiven(request));
    const found = await Promise.all(
      requests.map(({ template }) => {
        return (
          template && findTemplate({ client_id: clientId, template: template.template, version: template.version })
        );
      }),
    );
    const renderings = requests.flatMap((request, index) => (refused[index] ? [] : renderingOf(request, found[index])));
    const budget = { msLeft: maxRequestMs, charactersLeft: maxCharacters };
    const input: RenderInput = { renderings, budget, timeZone };
    const rendered = renderings.length === 0 ? [] : await render(input, clientId, work);
    return requests.map((request, index) => {
      const template = found[index];
      const refusal = refused[index];
      if (refusal !== undefined) return refusal;
      if (template === undefined) return asGiven(request);
      if ('unknown' in template) return invalidBody([{ path: 'template', message: template.unknown }]);
      const result = rendered.shift();
      // Resend's templates may be without one.
      if (request.subject === undefined && template.source.subject === '')
        return invalidBody([{ path: 'subject', message: missing('subject') }]);
      return write(request, template.used, result);
    });
  };
}

function renderingOf({ template, subject }: RequestedEmail, found: FoundTemplate | undefined): Rendering[] {
  if (found === undefined || 'unknown' in found) return [];
  const { used, source } = found;
  const without = subject === undefined ? [] : (['subject'] as const);
  const data = { ...fallbacksOf(source.declared), ...template?.data };
  return [{ key: `${used.id} ${used.version}`, source, data, without }];
}

/** All of a request in one thread, one after another. Where the thread had to be ended, none of them is rendered. */
async function render(input: RenderInput, holder: string, work: Work): Promise<(Rendered | undefined)[]> {
  return work<Rendered[]>('render', input, { holder, limitMs: hardLimitMs }).catch((error) => {
    if (error instanceof WorkTooLong) return [];
    throw error;
  });
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

function write(request: RequestedEmail, used: UsedTemplate, result: Rendered | undefined): EmailRequest | ApiError {
  if (result === undefined)
    return invalidBody([{ path: 'template', message: 'cannot be rendered: it takes too long' }]);
  const { rendered, faults } = result;
  const { template: _, subject: given, ...others } = request;
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
