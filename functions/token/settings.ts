// Settings of the token function.
import * as v from 'valibot';
import { proxySettings } from '../../lib/http/caller-address.ts';
import { commonSettings, integer, url } from '../../lib/process/settings.ts';
import { databaseSettings } from '../../lib/store/settings.ts';
import { parseSigningKeys, SigningKeysError } from './signing-keys.ts';

const howToMakeOne = 'make a key with: npm run admin -- signing-key create';

/** Empty stands for not set, so that the fault can say what to do about it. */
const signingKeys = v.pipe(
  v.optional(v.string(), ''),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    try {
      if (dataset.value !== '') return parseSigningKeys(dataset.value);
      addIssue({ message: `is not set; ${howToMakeOne}` });
    } catch (error) {
      if (!(error instanceof SigningKeysError)) throw error;
      addIssue({ message: `${error.message}; ${howToMakeOne}` });
    }
    return NEVER;
  }),
);

export const TokenSettings = v.object({
  ...commonSettings,
  ...databaseSettings,
  ...proxySettings,
  /** The `iss` of the tokens: the public base URL of the API. */
  ISSUER: url('http', 'https'),
  /** The `aud` of the tokens; the issuer where it is not set. */
  TOKEN_AUDIENCE: v.optional(v.string()),
  /** JSON text of a private JWK set (RFC 7517): the first key signs, all are published. */
  SIGNING_KEYS: signingKeys,
  TOKEN_LIFETIME_SECONDS: v.optional(integer(1, 86_400), '3600'),
});
