// Makes signing keys, for the operator's command.
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import type { SigningAlgorithm } from './signing-keys.ts';

/** Returns a private JWK set with one new key, as the JSON text that `SIGNING_KEYS` takes. */
export async function createSigningKeys(alg: SigningAlgorithm): Promise<string> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(privateKey);
  return JSON.stringify({ keys: [{ kid: await calculateJwkThumbprint(jwk), use: 'sig', alg, ...jwk }] });
}
