// What programs write that differs from the document, where it can mean one thing only; and what is said where it means nothing.
import { describe, expect, it } from 'vitest';
import { parseEmailRequest } from './email-request.ts';

const full = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello', text: 'Hi' };
const now = new Date();
const parse = (over: object) => parseEmailRequest({ ...full, ...over }, now);
const faultOf = (over: object) => {
  try {
    parse(over);
  } catch (error) {
    return (error as Error).message;
  }
  return undefined;
};

it('null is absent in every field, and chooses no form', () => {
  const names = ['cc', 'bcc', 'reply_to', 'html', 'template', 'data', 'attachments', 'headers', 'tags', 'metadata'];
  const others = [
    'unsubscribe',
    'lane',
    'delivery',
    'scheduled_at',
    'expires_at',
    'email',
    'to_email',
    'name',
    'topic_id',
  ];
  const nulls = Object.fromEntries([...names, ...others].map((name) => [name, null]));
  expect(parse(nulls)).toEqual(parse({}));
  const within = {
    headers: { 'X-A': null, 'X-B': 'b' },
    metadata: { a: null },
    tags: [{ name: 'a', value: null }],
    to: { email: 'b@example.com', name: null },
    attachments: [{ filename: 'a', content: 'aGk=', path: null, content_type: null }],
  };
  expect(parse(within)).toMatchObject({ headers: { 'X-B': 'b' }, metadata: {}, tags: [{ name: 'a', value: '' }] });
  expect(faultOf({ from: null })).toBe('from is required.');
  expect(parse({ text: undefined, template: 'welcome', data: { a: null } }).template?.data).toEqual({ a: null });
});

it.each<[string, object, string]>([
  [
    'a number as cc',
    { cc: 5 },
    'cc must be one email address such as name@example.com or "Name <name@example.com>"; give several as a list, or an object {email, name}.',
  ],
  [
    'true in a list',
    { to: [true] },
    'to[0] must be one email address such as name@example.com or "Name <name@example.com>"; give several as a list, or an object {email, name}.',
  ],
  ['a list in a list', { bcc: [['a@example.com']] }, 'bcc[0] must be one mailbox, not a list.'],
  ['several senders', { from: ['a@example.com', 'b@example.com'] }, 'from must be one mailbox, not a list.'],
  ['a number as tag', { tags: [5] }, 'tags[0] must be a name, or an object {name, value}.'],
  ['a list as tag', { tags: [['a']] }, 'tags[0] must be a name, or an object {name, value}.'],
  [
    'a number as template',
    { text: undefined, template: 5 },
    'template must be a name, an id, or an object with one of them.',
  ],
  ['an object of attachments', { attachments: {} }, 'attachments must be a list.'],
  ['a list of headers', { headers: [] }, 'headers must be an object of strings.'],
  ['a list as unsubscribe', { unsubscribe: [] }, 'unsubscribe must be an object.'],
])('%s is told what it should be', (_what, over, message) => {
  expect(faultOf(over)).toBe(message);
});

describe('where answers go', () => {
  const long = `reply+${'x'.repeat(120)}@example.com`;

  it('may have a local part as programs make them', () => {
    for (const reply_to of [long, [long], `Help <${long}>`, { email: long }])
      expect(parse({ reply_to }).reply_to[0]?.email).toBe(long);
  });

  it('has an address of 254 all the same, and nobody else has more than 64', () => {
    expect(faultOf({ reply_to: `${'x'.repeat(243)}@example.com` })).toContain('reply_to must be one email address');
    for (const field of ['from', 'to', 'cc', 'bcc']) expect(faultOf({ [field]: long })).toContain(`${field} must be`);
  });
});

describe('a part that is empty', () => {
  it.each<[object, object]>([
    [{ html: '' }, { text: 'Hi', html: undefined }],
    [
      { text: '', html: '<p>Hi</p>' },
      { text: undefined, html: '<p>Hi</p>' },
    ],
    [
      { text: '', html: '' },
      { text: '', html: undefined },
    ],
    [
      { text: undefined, html: '' },
      { text: undefined, html: '' },
    ],
    [{ text: '', html: '', template: 'welcome' }, { template: { template: 'welcome' } }],
  ])('%j is no part beside another', (over, expected) => {
    expect(parse(over)).toMatchObject(expected);
  });
});

describe('a template with its variables', () => {
  it('is named as other mail APIs name it', () => {
    const { template } = parse({ text: undefined, template: { id: 'welcome', variables: { name: 'Ada', n: 5 } } });
    expect(template).toEqual({ template: 'welcome', version: null, data: { name: 'Ada', n: 5 } });
    expect(faultOf({ text: undefined, template: { id: 'a', variables: {} }, data: {} })).toContain(
      'data must not be given',
    );
    expect(faultOf({ text: undefined, template: { id: 'a', variables: [] } })).toBe(
      'template.variables must be an object.',
    );
    expect(faultOf({ text: undefined, template: { id: 'a', variables: { x: 'x'.repeat(100_000) } } })).toContain(
      '100000 characters',
    );
  });
});
