import { expect, it } from 'vitest';
import { coversSender, normalizeSender } from './sender.ts';

it.each([
  ['A@B.test', 'a@b.test'],
  ['B.Test', 'b.test'],
  ['*.b.test', '*.b.test'],
  ['exämple.test', 'xn--exmple-cua.test'],
  ['*.a@b.test', '*.a@b.test'],
  ['*b.test', undefined],
  ['*.*.b.test', undefined],
  ['b', undefined],
  ['a@b@c.test', undefined],
])('%s is written %s', (given, normal) => {
  expect(normalizeSender(given)).toBe(normal);
});

it.each([
  [['a@b.test'], 'a@b.test', true],
  [['a@b.test'], 'c@b.test', false],
  [['a@b.test'], 'b.test', false],
  [['b.test'], 'a@b.test', true],
  [['b.test'], 'b.test', true],
  [['b.test'], '*.b.test', false],
  [['b.test'], 'a@c.b.test', false],
  [['*.b.test'], '*.b.test', true],
  [['*.b.test'], '*.c.b.test', true],
  [['*.b.test'], 'c.b.test', true],
  [['*.b.test'], 'a@c.b.test', true],
  [['*.b.test'], 'b.test', false],
  [['*.b.test'], 'a@b.test', false],
  [['*.b.test'], 'a@xb.test', false],
  [['x.test', 'b.test'], 'a@b.test', true],
  [[], 'a@b.test', false],
])('who may send from %j may send from %s: %s', (allowed, sender, covers) => {
  expect(coversSender(allowed, sender)).toBe(covers);
});
