import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { leastMs } from '../../infra/test/cost.ts';
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

  const bytes = Buffer.from([0, 62, 63, 251, 255, 104, 105]);
  const plain = bytes.toString('base64');

  it.each<[string, unknown]>([
    ['plain base64', plain],
    ['lines of it', `${plain.slice(0, 4)}\r\n${plain.slice(4)}\r\n`],
    ['spaces and tabs in it', `${plain.slice(0, 3)} \t${plain.slice(3)}`],
    ['no padding', plain.replaceAll('=', '')],
    ['the URL-safe alphabet', bytes.toString('base64url')],
    ['the URL-safe alphabet, padded and in lines', `${bytes.toString('base64url')}==\n`],
    ['a data: URI', `data:application/octet-stream;base64,${plain}`],
    ['a data: URI without a type', `data:;base64,${plain}`],
    ['a data: URI with a parameter, in capitals', `DATA:text/plain;charset=utf-8;BASE64,${plain}`],
    ['a data: URI whose base64 is percent-encoded', `data:;base64,${encodeURIComponent(plain)}`],
    ['a list of bytes', [...bytes]],
    ['a Buffer as JSON', JSON.parse(JSON.stringify(bytes))],
    ['a Uint8Array as JSON', JSON.parse(JSON.stringify(new Uint8Array(bytes)))],
  ])('take %s', (_what, content) => {
    const [taken] = v.parse(Attachments, [{ ...good, content }]);
    expect(taken?.size).toBe(bytes.length);
    expect(Buffer.from(taken?.wire ?? []).toString()).toBe(plain);
  });

  it('take a data: URI that is no base64, and its type unless another is given', () => {
    const content = 'data:text/csv;charset=utf-8,a%2Cb%0A%C3%A9';
    const csv = Buffer.from('a,b\né').toString('base64');
    expect(
      v.parse(Attachments, [
        { ...good, content },
        { ...good, content, content_type: 'text/plain' },
      ]),
    ).toMatchObject([
      { wire: new Uint8Array(Buffer.from(csv)), content_type: 'text/csv;charset=utf-8', size: 6 },
      { wire: new Uint8Array(Buffer.from(csv)), content_type: 'text/plain', size: 6 },
    ]);
    const faulty = 'data:multipart/mixed;base64,aGk=';
    expect(v.parse(Attachments, [{ ...good, content: faulty }])).toMatchObject([{ content_type: null }]);
  });

  it.each<[string, unknown, string]>([
    ['is missing', undefined, 'attachment-1.png'],
    ['is null', null, 'attachment-1.png'],
    ['is empty', '', 'attachment-1.png'],
    ['is false', false, 'attachment-1.png'],
  ])('get a name where it %s', (_what, filename, expected) => {
    const [image, other] = v.parse(Attachments, [
      { content: 'aGk=', content_type: 'image/png', filename },
      { content: 'aGk=', filename },
    ]);
    expect([image?.filename, other?.filename]).toEqual([expected, 'attachment-2.bin']);
  });

  it('take the id of an inline image by its older name', () => {
    expect(v.parse(Attachments, [{ ...good, inline_content_id: 'logo' }])).toMatchObject([{ content_id: 'logo' }]);
    expect(
      faultsOf([
        { ...good, content_id: 'a' },
        { ...good, inline_content_id: 'a' },
      ]),
    ).toHaveLength(1);
  });

  it.each<[string, unknown]>([
    ['too much padding', 'aGVsbG8=='],
    ['padding in the middle', 'aGVsbG8=aGVsbG8='],
    ['bits that say nothing', 'aGVsbG9='],
    ['a letter too many', 'aGVsb'],
    ['other characters', 'aGVs****'],
    ['a form feed', 'aGVs\fbG8='],
    ['a data: URI without a comma', `data:text/plain;base64${'x'.repeat(300)},aGk=`],
    ['a data: URI that is no base64 but says so', 'data:;base64,a*b='],
    ['a data: URI with a broken escape', 'data:,100%'],
    ['a number that is no byte', [1, 256]],
    ['a fraction', [0.5]],
    ['a negative number', [-1]],
    ['text in a list', ['aGk=']],
    ['a Buffer without data', { type: 'Buffer' }],
    ['a Buffer of text', { type: 'Buffer', data: 'aGk=' }],
    ['an ArrayBuffer, which JSON empties', {}],
    ['an object with a gap', { 0: 1, 2: 1 }],
    ['a number', 7],
    ['nothing', undefined],
  ])('content with %s is none', (_what, content) => {
    const [fault, ...others] = faultsOf([{ ...good, content }]);
    expect(others).toEqual([]);
    if (content !== undefined)
      expect(fault).toBe('0.content: must be base64 (RFC 4648), a data: URI, or a list of bytes');
  });

  it.each<[string, Record<string, unknown>]>([
    ['CRLF in the name', { filename: 'a\r\nX-Spam: no\r\n\r\n<script>' }],
    ['a quote and CRLF', { filename: 'a"\r\nBcc: b@example.com' }],
    ['a folder in the name', { filename: '../../etc/passwd' }],
    ['a folder as on Windows', { filename: 'C:\\a.txt' }],
    ['dots alone', { filename: '..' }],
    ['a name that hides its ending', { filename: 'photo\u202egnp.exe' }],
    ['a number as name', { filename: 7 }],
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
    const check = () => {
      expect(faultsOf([{ ...good, content }])).toEqual([]);
      expect(faultsOf([{ ...good, content: `${content.slice(0, -1)}!` }])).toHaveLength(1);
      expect(faultsOf([{ ...good, content: `data:text/plain;base64,${content}` }])).toEqual([]);
      expect(faultsOf([{ ...good, content: content.replace(/.{76}/g, '$&\r\n') }])).toEqual([]);
      expect(faultsOf([{ ...good, content: [...Buffer.alloc(2_500_000, 'x')] }])).toEqual([]);
    };
    expect(leastMs(check, 2_000, 5)).toBeLessThanOrEqual(2_000);
  });
});
