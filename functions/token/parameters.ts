// Parameters of an OAuth2 request: from a form (RFC 6749), or from a JSON object as the original API takes them.

import type { IncomingHttpHeaders } from 'node:http';
import { parseJson } from '../../lib/http/body.ts';
import { mediaType } from '../../lib/http/media-type.ts';
import { OAuthError } from './oauth-error.ts';

const json = 'application/json';
/** Media types that the endpoints take. */
export const parameterMediaTypes = [json, 'application/x-www-form-urlencoded'];

/** Characters of a parameter: a secret has 200, a scope some more. */
const maxParameter = 1_000;
/** Those that are JWTs. */
const longest: Record<string, number> = { client_assertion: 8_000, token: 8_000 };
/** More of them are of no use: there is one API here. */
const maxResources = 10;

/** Every parameter of a body, those that nobody asks for among them. */
export type Given = ReadonlyMap<string, unknown>;

export type Parameters<Name extends string> = Partial<Record<Name, string>>;

/** Throws `invalid_request` where a parameter of a form is repeated or the JSON is no object, and `invalid_json`. */
export function parseParameters(bytes: Buffer, headers: IncomingHttpHeaders): Given {
  return mediaType(headers) === json ? jsonParameters(parseJson(bytes)) : formParameters(bytes);
}

/**
 * Reads the parameters `names`. Others are ignored, and empty ones (RFC 6749 §3.2) count as omitted, as null does in JSON. Throws `invalid_request` where
 * one is not a string.
 */
export function readParameters<const Name extends string>(given: Given, names: readonly Name[]): Parameters<Name> {
  const parameters: Parameters<Name> = {};
  for (const name of names) {
    const value = given.get(name);
    if (value === undefined || value === null || value === '') continue;
    if (typeof value !== 'string') throw new OAuthError('invalid_request', `${name} must be a string.`);
    const most = longest[name] ?? maxParameter;
    if (value.length > most) {
      // An id or a secret that nobody has is a wrong one.
      const code = name === 'client_id' || name === 'client_secret' ? 'invalid_client' : 'invalid_request';
      throw new OAuthError(code, `${name} may have ${most} characters at most.`);
    }
    parameters[name] = value;
  }
  return parameters;
}

/** Reads the one parameter that may be repeated (RFC 8707 §2), in JSON as a list. */
export function readResources(given: Given): string[] {
  const resource = given.get('resource') ?? [];
  const values: unknown[] = Array.isArray(resource) ? resource : [resource];
  if (!values.every((value) => typeof value === 'string')) {
    throw new OAuthError('invalid_request', 'resource must be a string, or a list of them.');
  }
  if (values.length > maxResources || values.some((value) => value.length > maxParameter)) {
    throw new OAuthError(
      'invalid_request',
      `resource may be given ${maxResources} times, with ${maxParameter} characters.`,
    );
  }
  return values.filter((value) => value !== '');
}

function jsonParameters(body: unknown): Given {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new OAuthError('invalid_request', 'The request body must be a JSON object.');
  }
  return new Map(Object.entries(body));
}

function formParameters(body: Buffer): Given {
  const form = new URLSearchParams(body.toString());
  const resources = form.getAll('resource');
  form.delete('resource');
  const pairs = [...form];
  const parameters = new Map<string, unknown>(pairs);
  // The name is not repeated to anybody: a JSON body sent as a form is one long name with the secret in it.
  if (parameters.size < pairs.length) throw new OAuthError('invalid_request', 'A parameter is given more than once.');
  return parameters.set('resource', resources);
}
