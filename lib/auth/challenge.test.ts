import { expect, it } from 'vitest';
import { challenge, withMetadata } from './challenge.ts';

it.each([
  [challenge(), 'Bearer realm="email-api"'],
  [
    challenge({ error: 'insufficient_scope', scope: 'email' }),
    'Bearer realm="email-api", error="insufficient_scope", scope="email"',
  ],
])('%j asks in the words of RFC 6750', (headers, expected) => {
  expect(headers).toEqual({ 'www-authenticate': expected });
});

it.each(['https://mail.example.com', 'https://mail.example.com/'])('where a token is got stands at %s', (issuer) => {
  expect(withMetadata('Bearer realm="email-api"', issuer)).toBe(
    'Bearer realm="email-api", resource_metadata="https://mail.example.com/.well-known/oauth-protected-resource"',
  );
});
