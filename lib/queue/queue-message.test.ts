import { describe, expect, it } from 'vitest';
import { readMessage, writeMessage } from './queue-message.ts';

const one = '01890000-0000-7000-8000-000000000001';
const two = '01890000-0000-7000-8000-000000000002';

describe('writeMessage', () => {
  it('names one id as such, several as a list', () => {
    expect(writeMessage([one]).toString()).toBe(`{"id":"${one}"}`);
    expect(writeMessage([one, two]).toString()).toBe(`{"ids":["${one}","${two}"]}`);
  });
});

describe('readMessage', () => {
  it.each([[[one]], [[one, two]]])('reads what was written: %j', (ids) => {
    expect(readMessage(writeMessage(ids))).toEqual(ids);
  });

  it('takes ids in capitals, as rows have them in small letters', () => {
    expect(readMessage(Buffer.from(JSON.stringify({ id: one.toUpperCase() })))).toEqual([one]);
  });

  it.each([
    'not JSON',
    '',
    'null',
    '7',
    '{}',
    '{"id":7}',
    '{"id":"7"}',
    '{"ids":[]}',
    `{"ids":"${one}"}`,
    `{"ids":["${one}","7"]}`,
    JSON.stringify({ ids: Array.from({ length: 101 }, () => one) }),
  ])('finds nothing of use in %s', (content) => {
    expect(readMessage(Buffer.from(content))).toBeUndefined();
  });
});
