import { describe, expect, it } from 'vitest';
import { fitOfType, qualityOfEncoding } from './accept.ts';
import { problemReply, problemTypeFor } from './errors.ts';

const plain = 'application/json';
const problem = 'application/problem+json';

describe('how well a media type fits', () => {
  it.each<[string | undefined, string, number, number]>([
    [undefined, plain, 1, 0],
    ['', plain, 1, 0],
    ['*/*', plain, 1, 1],
    ['application/*;q=0.5', plain, 0.5, 2],
    ['Application/JSON ; Q=0.25', plain, 0.25, 3],
    ['application/json;charset=utf-8;q=0.2', plain, 0.2, 3],
    ['*/*, application/json;q=0', plain, 0, 3],
    ['text/html', plain, 0, 0],
    ['application/json;q=high', plain, 1, 3],
    ['application/json;q=7', plain, 1, 3],
    ['application/json;q=0.1, application/json', plain, 0.1, 3],
    ['x'.repeat(2_001), plain, 1, 0],
  ])('%s: %s', (header, type, quality, exactness) => {
    expect(fitOfType(header, type)).toEqual({ quality, exactness });
  });
});

describe('the media type of an error', () => {
  it.each<[string | undefined, string]>([
    [undefined, problem],
    ['*/*', problem],
    ['application/*', problem],
    ['text/html', problem],
    ['application/json;q=0', problem],
    ['application/json, application/problem+json', problem],
    ['application/problem+json, application/json;q=0.9', problem],
    ['application/json', plain],
    ['application/json; charset=utf-8', plain],
    ['APPLICATION/JSON', plain],
    ['application/json, text/plain, */*', plain],
    ['application/json;q=0.9, */*;q=0.8', plain],
    ['application/json, application/problem+json;q=0.5', plain],
    ['application/json;q=0.5, application/problem+json;q=0', plain],
  ])('%s: %s', (accept, expected) => {
    expect(problemTypeFor(accept === undefined ? {} : { accept })).toBe(expected);
  });

  it('of an SDK that says nothing of what it takes is the one that it reads', () => {
    expect(problemTypeFor({ 'user-agent': 'resend-php/1.10.0' })).toBe(plain);
    expect(problemTypeFor({ 'user-agent': 'resend-php/1.10.0', accept: '*/*' })).toBe(problem);
    expect(problemTypeFor({ 'user-agent': 'curl/8 resend-php/1' })).toBe(problem);
    expect(problemTypeFor({ 'user-agent': `resend-php/${'1'.repeat(500)}` })).toBe(problem);
  });

  it('changes nothing of its body', () => {
    const [one, other] = ['*/*', plain].map((accept) =>
      problemReply(new Error(), { path: '/', headers: { accept }, requestId: 'r-1' }),
    );
    expect(one?.body).toEqual(other?.body);
    expect([one, other].map((reply) => reply?.headers?.vary)).toEqual(['accept', 'accept']);
  });
});

describe('the weight of an encoding', () => {
  it.each<[string | undefined, string, number]>([
    [undefined, 'gzip', 0],
    ['gzip;q=0.5', 'gzip', 0.5],
    ['*;q=0.3', 'br', 0.3],
    ['gzip, *;q=0', 'identity', 0],
    ['gzip;q=0.5, identity', 'identity', 1],
  ])('%s: %s', (header, encoding, weight) => {
    expect(qualityOfEncoding(header, encoding)).toBe(weight);
  });

  it('is more than none for what nobody ruled out, and less than any that was given', () => {
    expect(qualityOfEncoding('gzip;q=0.001', 'identity')).toBeGreaterThan(0);
    expect(qualityOfEncoding('gzip;q=0.001', 'identity')).toBeLessThan(0.001);
  });
});
