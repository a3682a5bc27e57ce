// API keys as text: `re_` (or the operator's prefix), 8 random characters, `_`, 24 random characters.
import { hash, randomInt } from 'node:crypto';
import * as v from 'valibot';

/** 62 characters: 32 of them are 190 random bits, and the 24 that are never shown again are 142. */
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const shownLength = 8;
const hiddenLength = 24;

const prefixForm = /^[A-Za-z][A-Za-z0-9_]{0,18}_$/;
const keyForm = /^[A-Za-z][A-Za-z0-9_]{0,18}_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}$/;
const maxKey = 20 + shownLength + 1 + hiddenLength;

/** Tools that others wrote look for it. */
const usualPrefix = 're_';
const prefixMessage = 'must be letters, digits and "_", 2 to 20 of them, begin with a letter and end with "_"';

export const apiKeySettings = {
  /** What new keys begin with. Keys with another prefix stay good. */
  API_KEY_PREFIX: v.optional(v.pipe(v.string(), v.regex(prefixForm, prefixMessage)), usualPrefix),
};

export interface MadeKey {
  /** Shown once. */
  key: string;
  /** What people recognise it by. */
  start: string;
  hash: string;
}

export function makeApiKey(prefix = usualPrefix): MadeKey {
  const start = prefix + randomText(shownLength);
  const key = `${start}_${randomText(hiddenLength)}`;
  return { key, start, hash: hashOfKey(key) };
}

function randomText(length: number): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');
}

/**
 * SHA-256 in base64url. A slow hash, as secrets have it that people choose, would be of no use: nobody tries 2^142 keys, however fast a
 * hash is. And it would cost every request its time.
 */
export function hashOfKey(key: string): string {
  return hash('sha256', key, 'base64url');
}

/** Whether a bearer credential is meant to be a key: an access token has dots. */
export function isMeantAsKey(credential: string): boolean {
  return credential.includes('_') && !credential.includes('.');
}

/** Whether it has the form of a key, with whichever prefix. */
export function isKeyForm(credential: string): boolean {
  return credential.length <= maxKey && keyForm.test(credential);
}
