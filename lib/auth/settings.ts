// Settings of the functions that check access tokens.
import * as v from 'valibot';
import { url } from '../process/settings.ts';

/** Settings of functions that check access tokens. */
export const accessTokenSettings = {
  /** Who issues the tokens: the public base URL of the API. */
  ISSUER: url('http', 'https'),
  /** The `aud` that tokens must carry; the issuer where it is not set. */
  TOKEN_AUDIENCE: v.optional(v.string()),
  /** Where the token function publishes its keys, as seen from here. */
  JWKS_URL: url('http', 'https'),
};
