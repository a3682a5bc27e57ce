import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { RequestedEmail } from './email-request.ts';
import { liftContents } from './lift-contents.ts';
import { type ParsedBatch, readTasks } from './read-request.ts';

const now = new Date();
const good = { from: 'a@example.com', to: 'b@example.com', subject: 's', text: 't' };
const large = (bytes = 60_000) => randomBytes(bytes).toString('base64');
const read = (body: string | object, hasKey = false) => {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const answer = readTasks.readEmail({ bytes, now, hasKey }) as unknown as {
    output: { requested: RequestedEmail; fingerprint?: string };
  };
  return { ...('output' in answer ? answer.output : answer), isLifted: liftContents(bytes) !== undefined };
};
const contentsOf = ({ attachments }: RequestedEmail) =>
  attachments.map(({ wire }) => Buffer.from(wire).toString('latin1').replaceAll('\r\n', ''));

describe('contents of attachments', () => {
  it('are the same, lifted or not, large beside small', () => {
    const contents = [large(), 'YWJj', large(), large()];
    const attachments = contents.map((content, index) => ({ filename: `${index}.bin`, content }));
    const { requested, isLifted } = read({ ...good, attachments });
    expect(isLifted).toBe(true);
    expect(contentsOf(requested)).toEqual(contents);
    expect(requested.attachments.map(({ size }) => size)).toEqual([60_000, 3, 60_000, 60_000]);
  });

  it('leave the fingerprint as it was, whatever the white space', () => {
    const email = { ...good, attachments: [{ filename: 'a', content: large() }] };
    const spaced = JSON.stringify(email, null, 2).replace('"content": ', '"content" \t\r\n:\n ');
    const other = { ...email, attachments: [{ filename: 'a', content: large() }] };
    // The same text, but in a form that is not lifted: its first letter is escaped.
    const escaped = JSON.stringify(email).replace(/"content":"(.)/, (_, first: string) => {
      return `"content":"\\u${first.charCodeAt(0).toString(16).padStart(4, '0')}`;
    });
    expect([read(email).isLifted, read(spaced).isLifted, read(escaped).isLifted]).toEqual([true, true, false]);
    const prints = [email, spaced, escaped, other].map((body) => read(body, true).fingerprint);
    expect(prints[1]).toBe(prints[0]);
    expect(prints[2]).toBe(prints[0]);
    expect(prints[3]).not.toBe(prints[0]);
  });

  it.each([
    [
      'of template data',
      { template: 'x', text: undefined, data: { content: large(20_000), more: [{ content: large(20_000) }] } },
    ],
    [
      'of data beside an attachment',
      {
        template: 'x',
        text: undefined,
        data: { content: large(20_000) },
        attachments: [{ filename: 'a', content: large() }],
      },
    ],
  ])('that are those %s stay where they are', (_, over) => {
    const { requested, isLifted } = read({ ...good, subject: undefined, ...over });
    expect(isLifted).toBe(true);
    expect(requested.template?.data).toEqual(over.data);
  });

  it('are found by no other key, and in no text that looks like it', () => {
    const content = large();
    const text = `"content":"${content}" and {"content":"${content}"}`;
    const { requested, isLifted } = read({ ...good, text, attachments: [{ filename: 'a"content', content }] });
    expect(isLifted).toBe(true);
    expect(requested.text).toBe(text);
    expect(contentsOf(requested)).toEqual([content]);
    expect(read({ ...good, text: content, html: content }).isLifted).toBe(false);
  });

  it.each([
    ['is not base64', `${large()}*`],
    ['has a bit too many', `${large().slice(0, -4)}aG9=`],
    ['never ends', undefined],
  ])('that %s are refused as ever', (_, content) => {
    const body = JSON.stringify({ ...good, attachments: [{ filename: 'a', content: content ?? large() }] });
    const given = content === undefined ? body.slice(0, -4) : body;
    const outcome = (() => {
      try {
        return read(given) as unknown as { refused: { code: string; errors?: { path: string }[] } };
      } catch (error) {
        return { refused: error as { code: string; errors?: { path: string }[] } };
      }
    })();
    expect(outcome.refused.code).toBe(content === undefined ? 'invalid_json' : 'validation_error');
    expect(outcome.refused.errors?.map(({ path }) => path)).toEqual(
      content === undefined ? undefined : ['attachments[0].content'],
    );
  });

  it.each([
    ['a bare list', (emails: object[]) => emails],
    ['an object', (emails: object[]) => ({ emails })],
  ])('are lifted out of %s of emails', (_, form) => {
    const contents = [large(), large()];
    const emails = contents.map((content) => ({ ...good, attachments: [{ filename: 'a', content }] }));
    const bytes = Buffer.from(JSON.stringify(form(emails)));
    const { output } = readTasks.readBatch({ bytes, now, hasKey: false }) as unknown as {
      output: { requested: ParsedBatch };
    };
    expect(output.requested.flatMap((one) => contentsOf(one as RequestedEmail))).toEqual(contents);
  });
});
