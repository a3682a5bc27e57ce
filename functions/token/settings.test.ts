import { describe, expect, it } from 'vitest';
import { parseSettings } from '../../lib/process/settings.ts';
import { createSigningKeys } from './create-signing-key.ts';
import { TokenSettings } from './settings.ts';

const good = {
  DATABASE_URL: 'postgres://db.example.test/email',
  ISSUER: 'https://api.example.test',
  SIGNING_KEYS: await createSigningKeys('ES256'),
};

describe('the settings of token', () => {
  it('need no more than database, issuer and keys', () => {
    expect(parseSettings(TokenSettings, good)).toMatchObject({
      TOKEN_LIFETIME_SECONDS: 3600,
      SIGNING_KEYS: [{ alg: 'ES256' }],
    });
  });

  it.each<[string, Record<string, string>, string]>([
    [
      'not set',
      { SIGNING_KEYS: '' },
      '  SIGNING_KEYS: is not set; make a key with: npm run admin -- signing-key create',
    ],
    [
      'unusable',
      { SIGNING_KEYS: '{' },
      '  SIGNING_KEYS: is not JSON; make a key with: npm run admin -- signing-key create',
    ],
  ])('say how to make a key where it is %s', (_, changed, line) => {
    expect(() => parseSettings(TokenSettings, { ...good, ...changed })).toThrow(line);
  });

  it('name every fault at once', () => {
    expect(() => parseSettings(TokenSettings, { TOKEN_LIFETIME_SECONDS: '1h' })).toThrow(
      /^These settings stop the start:\n.*DATABASE_URL: is not set\n.*ISSUER: is not set\n.*SIGNING_KEYS: is not set; .*\n.*TOKEN_LIFETIME_SECONDS: must be a whole number from 1 to 86400$/,
    );
  });
});
