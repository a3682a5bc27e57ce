// What the OAuth2 endpoints take. Other parameters are ignored (RFC 6749 §3.2), so each is checked where it is read.
import * as v from 'valibot';
import type { BodyForm } from '../../lib/http/body-form.ts';
import { assertionType } from './credentials.ts';
import { type Given, parameterMediaTypes, parseParameters } from './parameters.ts';

export const grantTypes = ['client_credentials'] as const;

const text = v.optional(v.string());
const credentials = {
  client_id: text,
  client_secret: text,
  client_assertion: text,
  client_assertion_type: v.optional(v.literal(assertionType)),
};

/** POST /token and POST /authorize */
export const TokenRequest = v.looseObject({
  grant_type: v.literal(grantTypes[0]),
  scope: text,
  ...credentials,
  resource: v.optional(v.union([v.string(), v.array(v.string())])),
});
/** POST /introspect and POST /revoke */
export const OwnTokenRequest = v.looseObject({ token: v.string(), ...credentials });

/** A form (RFC 6749), or JSON as the original API takes it. */
export function parameters(schema: v.GenericSchema): BodyForm<Given> {
  return { types: parameterMediaTypes, schema, parse: parseParameters };
}
