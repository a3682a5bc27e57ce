import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { apiKeySettings, hashOfKey, isKeyForm, isMeantAsKey, makeApiKey } from './api-key.ts';

const prefixes = ['re_', 'k_', 'acme_live_', `${'a'.repeat(19)}_`];

describe('a new key', () => {
  it.each(prefixes)('has its form with the prefix %s', (prefix) => {
    const { key, start, hash } = makeApiKey(prefix);
    expect(key.startsWith(start) && start.startsWith(prefix)).toBe(true);
    expect(start).toHaveLength(prefix.length + 8);
    expect([isMeantAsKey(key), isKeyForm(key)]).toEqual([true, true]);
    expect(hash).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(hashOfKey(key)).toBe(hash);
  });

  it('is another one each time, of the whole alphabet', () => {
    const keys = Array.from({ length: 2_000 }, () => makeApiKey('re_').key);
    expect(new Set(keys).size).toBe(2_000);
    expect(new Set(keys.join('').replaceAll('_', '')).size).toBe(62);
  });
});

describe('what is no key', () => {
  const { key } = makeApiKey();
  it.each([
    're_',
    're_123',
    key.slice(0, -1),
    `${key}A`,
    `_${key.slice(3)}`,
    key.replace(/.$/, '-'),
    `${'a'.repeat(21)}${key.slice(2)}`,
  ])('%s has not its form', (text) => {
    expect(isKeyForm(text)).toBe(false);
  });

  it.each(['abc', 'e30.e30.e30', 'aA_0.bB_1.cC_2', 'undefined'])('%s is not meant as one', (text) => {
    expect(isMeantAsKey(text)).toBe(false);
  });
});

describe('API_KEY_PREFIX', () => {
  const Settings = v.object(apiKeySettings);
  it.each(prefixes)('may be %s', (API_KEY_PREFIX) => {
    expect(v.parse(Settings, { API_KEY_PREFIX })).toEqual({ API_KEY_PREFIX });
  });

  it.each(['_', 're', '1_', 're-_', 'r.e_', `${'a'.repeat(20)}_`])('may not be %s', (API_KEY_PREFIX) => {
    expect(v.is(Settings, { API_KEY_PREFIX })).toBe(false);
  });

  it('is re_ where it is not set', () => {
    expect(v.parse(Settings, {})).toEqual({ API_KEY_PREFIX: 're_' });
  });
});
