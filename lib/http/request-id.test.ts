import { expect, it } from 'vitest';
import { requestIdOf } from './request-id.ts';

const ours = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

it.each(['7', 'order-7', 'a.b_c~d:e+f/g=h', 'Root=1-67891233-abcdef012345678912345678', 'x'.repeat(128)])(
  'an id of the caller stays: %s',
  (id) => {
    expect(requestIdOf({ 'x-request-id': id })).toBe(id);
  },
);

it.each([
  undefined,
  '',
  ' ',
  'a b',
  'a,b',
  'a"b',
  'a\\b',
  'a<b',
  'a@example.com',
  'ä',
  'a\tb',
  'x'.repeat(129),
  'x'.repeat(1_000_000),
])('what is none gets one of ours: %j', (id) => {
  expect(requestIdOf(id === undefined ? {} : { 'x-request-id': id })).toMatch(ours);
});

it('each has its own', () => {
  expect(requestIdOf({})).not.toBe(requestIdOf({}));
});
