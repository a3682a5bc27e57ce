// Makes signing keys, for the operator's command.
import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { type SigningAlgorithm, thumbprint } from './signing-keys.ts';

const generate = promisify(generateKeyPair);

/** Returns a private JWK set with one new key, as the JSON text that `SIGNING_KEYS` takes. */
export async function createSigningKeys(alg: SigningAlgorithm): Promise<string> {
  const { privateKey } = await generateFor(alg);
  const jwk = privateKey.export({ format: 'jwk' });
  return JSON.stringify({ keys: [{ kid: thumbprint(jwk), use: 'sig', alg, ...jwk }] });
}

function generateFor(alg: SigningAlgorithm): Promise<{ privateKey: KeyObject }> {
  switch (alg) {
    case 'RS256':
      return generate('rsa', { modulusLength: 2048 });
    case 'ES256':
      return generate('ec', { namedCurve: 'P-256' });
    case 'EdDSA':
      return generate('ed25519');
  }
}
