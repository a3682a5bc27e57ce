// The return path of an email: an envelope sender that says which email it is of, with a mac, so that nobody else can make one up.
import { createHmac, timingSafeEqual } from 'node:crypto';
import * as v from 'valibot';
import { normalizeDomain } from './address.ts';

/** RFC 4648 §6, in lower case: mail servers may change the case of a local part, though they should not. */
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
/** 120 bits. With the id, the local part has 53 of 64 characters. */
const macBytes = 15;
const form = /^b-([a-z2-7]{26})-([a-z2-7]{24})$/;
/** Longest local part and host (RFC 5321 §4.5.3.1), and the `@`. */
const longest = 64 + 1 + 255;

export interface ReturnPaths {
  host: string;
  /** The envelope sender of an email. */
  addressOf(emailId: string): string;
  /** The same without the host, for ENVID (RFC 3461 §4.4). */
  envelopeIdOf(emailId: string): string;
  /** The id of the email that an address is the return path of; undefined: none of ours, or its mac is wrong. */
  emailOfAddress(address: string): string | undefined;
  emailOfEnvelopeId(envelopeId: string): string | undefined;
}

/** Settings of whoever writes return paths, and of whoever reads them. */
export const returnPathSettings = {
  /** The host that bounces come back to; not set: to the sender of each email. */
  RETURN_PATH_HOST: v.optional(
    v.pipe(
      v.string(),
      v.transform((text) => normalizeDomain(text)),
      v.string('must be a host name such as bounce.example.com'),
    ),
  ),
  /** Secrets of the macs, separated by spaces: the first one makes them, all of them are good. */
  RETURN_PATH_SECRET: v.optional(
    v.pipe(
      v.string(),
      v.transform((text) => text.split(/[\s,]+/).filter(Boolean)),
      v.check(
        (secrets) => secrets.length > 0 && secrets.length <= 10 && secrets.every((secret) => secret.length >= 32),
        'must be 1 to 10 secrets of at least 32 characters, separated by spaces',
      ),
    ),
  ),
};

/** Undefined where no host is set. Throws where there is a host and no secret. */
export function returnPathsOf(settings: {
  RETURN_PATH_HOST?: string | undefined;
  RETURN_PATH_SECRET?: readonly string[] | undefined;
}): ReturnPaths | undefined {
  const { RETURN_PATH_HOST: host, RETURN_PATH_SECRET: secrets } = settings;
  if (host === undefined) return undefined;
  if (secrets === undefined) throw new Error('RETURN_PATH_HOST is set, and RETURN_PATH_SECRET is not');
  return createReturnPaths(host, secrets);
}

export function createReturnPaths(host: string, secrets: readonly string[]): ReturnPaths {
  const [first = ''] = secrets;
  const envelopeIdOf = (emailId: string) => {
    const id = Buffer.from(emailId.replaceAll('-', ''), 'hex');
    return `b-${base32(id)}-${base32(macOf(first, id))}`;
  };
  const emailOfEnvelopeId = (envelopeId: string) => {
    if (envelopeId.length > longest) return undefined;
    const [, idText = '', macText = ''] = form.exec(envelopeId.toLowerCase()) ?? [];
    const id = fromBase32(idText);
    const mac = fromBase32(macText);
    // Of several spellings of the same bytes, only the one that we write counts.
    if (id.length !== 16 || base32(id) !== idText) return undefined;
    const isGood = secrets.some((secret) => timingSafeEqual(macOf(secret, id), mac));
    return isGood ? id.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') : undefined;
  };
  return {
    host,
    envelopeIdOf,
    emailOfEnvelopeId,
    addressOf: (emailId) => `${envelopeIdOf(emailId)}@${host}`,
    emailOfAddress(address) {
      if (address.length > longest) return undefined;
      const at = address.lastIndexOf('@');
      return address.slice(at + 1).toLowerCase() === host ? emailOfEnvelopeId(address.slice(0, at)) : undefined;
    },
  };
}

function macOf(secret: string, id: Buffer): Buffer {
  return createHmac('sha256', secret).update('return path').update(id).digest().subarray(0, macBytes);
}

function base32(bytes: Buffer): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet[(value >>> bits) & 31];
      value &= (1 << bits) - 1;
    }
  }
  return bits > 0 ? text + alphabet[(value << (5 - bits)) & 31] : text;
}

function fromBase32(text: string): Buffer {
  const bytes: number[] = [];
  let bits = 0;
  let value = 0;
  for (const character of text) {
    value = (value << 5) | alphabet.indexOf(character);
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((value >>> bits) & 255);
    value &= (1 << bits) - 1;
  }
  return Buffer.from(bytes);
}
