import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from './body.ts';

const parse = (json: string) => parseJson(Buffer.from(json));

describe('a key that stands twice in one object', () => {
  it.each([
    '{"to":"a@example.com","to":"b@example.com"}',
    '{"to" : 1, "\\u0074o" : 2}',
    '[{"a":{"b":[{"c":1,"c":1}]}}]',
    '{"":1,"":2}',
    '{"__proto__":1,"__proto__":2}',
    '{"a\\\\":1,"a\\\\":2}',
    '{"a\\"b":":","a\\"b":":"}',
    '{\n\t"a":"x:y",\r\n "b":{}, "a":"{\\"a\\":1}"}',
  ])('is refused in %s', (json) => {
    expect(() => parse(json)).toThrow('The request body has a key twice in one object.');
  });

  it.each([
    '{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}',
    '{"a":"{\\"a\\":1,\\"a\\":2}"}',
    '{"a":"\\\\","b":":\\\\\\":"}',
    '{"constructor":1,"__proto__":2,"toString":3}',
    '[":",":"]',
    '"a:b:c"',
  ])('is not seen in %s', (json) => {
    expect(parse(json)).toEqual(JSON.parse(json));
  });

  it('is not seen in whatever JSON.stringify writes, and is seen when one of its objects gets a key once more', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.string(), fc.boolean(), (value, key, spaced) => {
        const json = JSON.stringify(value, null, spaced ? 2 : 0);
        expect(parse(json)).toEqual(JSON.parse(json));
        const name = JSON.stringify(key);
        expect(() => parse(`{${name}:${json},"-${key.length}":0,${name}:${json}}`)).toThrow('twice');
      }),
    );
  });
});
