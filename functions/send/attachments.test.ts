import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { Attachments } from './attachments.ts';

const good = { filename: 'a.txt', content: 'aGVsbG8=' };

/** `path: message` of every fault. */
function faultsOf(attachments: unknown): string[] {
  const { issues = [] } = v.safeParse(Attachments, attachments);
  return issues.map((issue) => `${v.getDotPath(issue) ?? ''}: ${issue.message}`);
}

describe('Attachments', () => {
  it('are normalised, with their size in bytes, as they go on the wire', () => {
    const image = {
      filename: 'Logo für Zoë 🎉.png',
      content: '',
      content_type: 'image/png',
      content_id: 'logo@a.test',
    };
    const { content: _, ...rest } = image;
    const wire = Uint8Array.from(Buffer.from(good.content));
    const normal = { filename: good.filename, content_type: null, content_id: null, size: 5, wire };
    expect(v.parse(Attachments, [good, image, { ...good, content_type: null, content_id: null }])).toEqual([
      normal,
      { ...rest, size: 0, wire: new Uint8Array() },
      normal,
    ]);
  });

  it.each([
    'text/plain',
    'text/plain; charset=utf-8',
    'application/vnd.ms-excel',
    'text/x; name="a b"; x=y',
    'IMAGE/PNG',
  ])('have the type %s', (content_type) => {
    expect(faultsOf([{ ...good, content_type }])).toEqual([]);
  });

  it.each([
    ['path', '/etc/passwd'],
    ['path', 'https://169.254.169.254/latest/meta-data'],
    ['href', 'file:///etc/passwd'],
    ['url', 'http://localhost:8080/metrics'],
  ])('SSRF: %s %s is refused by name', (field, value) => {
    const { content, ...without } = good;
    const message = 'is not taken: no file and no address is read for a caller; give the bytes as base64 in content';
    expect(faultsOf([{ ...good, [field]: value }])).toEqual([`0.${field}: ${message}`]);
    expect(faultsOf([{ ...without, [field]: value }])).toContain(`0.${field}: ${message}`);
  });

  it.each([
    ['URL-safe letters', 'a-_b'],
    ['a line break', 'aGVs\r\nbG8='],
    ['a space', 'aGVs bG8='],
    ['no padding', 'aGVsbG8'],
    ['too much padding', 'aGVsbG8=='],
    ['padding in the middle', 'aGVsbG8=aGVsbG8='],
    ['bits that say nothing', 'aGVsbG9='],
    ['a data: address', 'data:text/plain;base64,aGVsbG8='],
    ['other characters', 'aGVs****'],
    ['an object', { type: 'Buffer', data: [1] }],
    ['nothing', undefined],
  ])('content with %s is not base64', (_what, content) => {
    expect(faultsOf([{ ...good, content }])).toHaveLength(1);
  });

  it.each<[string, Record<string, unknown>]>([
    ['CRLF in the name', { filename: 'a\r\nX-Spam: no\r\n\r\n<script>' }],
    ['a quote and CRLF', { filename: 'a"\r\nBcc: b@example.com' }],
    ['a folder in the name', { filename: '../../etc/passwd' }],
    ['a folder as on Windows', { filename: 'C:\\a.txt' }],
    ['dots alone', { filename: '..' }],
    ['a name that hides its ending', { filename: 'photo\u202egnp.exe' }],
    ['an empty name', { filename: '' }],
    ['no name', { filename: undefined }],
    ['CRLF in the type', { content_type: 'text/plain\r\nBcc: b@example.com' }],
    ['CRLF in a parameter', { content_type: 'text/plain; name="a\r\nBcc: b@example.com"' }],
    ['CRLF before a parameter', { content_type: 'text/plain;\r\n name=a' }],
    ['LF before a semicolon', { content_type: 'text/plain\n; name=a' }],
    ['a bare CR between parameters', { content_type: 'text/plain; a=b;\rc=d' }],
    ['a form feed before a parameter', { content_type: 'text/plain;\fname=a' }],
    ['a line end of Unicode', { content_type: 'text/plain;\u2028name=a' }],
    ['NUL in the type', { content_type: 'text/\0plain' }],
    ['LF at the end of the type', { content_type: 'text/plain\n' }],
    ['a type without its half', { content_type: 'text' }],
    ['a container as type', { content_type: 'multipart/mixed; boundary=x' }],
    ['a message as type', { content_type: 'Message/RFC822' }],
    ['CRLF in the id', { content_id: 'a\r\nBcc: b@example.com' }],
    ['an id that closes itself', { content_id: 'a>\r\nX: <b' }],
    ['brackets around the id', { content_id: '<a>' }],
    ['an empty id', { content_id: '' }],
    ['an unknown field', { encoding: 'hex' }],
  ])('refuses %s', (_what, over) => {
    expect(faultsOf([{ ...good, ...over }])).toHaveLength(1);
  });

  it('are counted before they are looked at, and an id names one of them', () => {
    expect(faultsOf(Array.from({ length: 100_000 }, () => ({})))).toEqual([': may have 50 entries at most']);
    expect(faultsOf(Array.from({ length: 2 }, () => ({ ...good, content_id: 'a' })))).toHaveLength(1);
    expect(faultsOf('aGVsbG8=')).toHaveLength(1);
  });

  it('of 10 MB are checked in time', () => {
    const content = Buffer.alloc(7_500_000, 'x').toString('base64');
    const startedAt = performance.now();
    expect(faultsOf([{ ...good, content }])).toEqual([]);
    expect(faultsOf([{ ...good, content: `${content.slice(0, -1)}!` }])).toHaveLength(1);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
