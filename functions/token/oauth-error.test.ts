import { describe, expect, it } from 'vitest';
import { ApiError, toApiError } from '../../lib/http/errors.ts';
import { apiErrorReply, OAuthError, oauthErrorReply } from './oauth-error.ts';

describe('an OAuth2 error', () => {
  it.each([
    ['invalid_request', 400],
    ['invalid_client', 401],
    ['invalid_scope', 400],
    ['invalid_target', 400],
    ['unsupported_grant_type', 400],
  ] as const)('%s is answered with status %i, for nobody to keep', (code, status) => {
    const reply = oauthErrorReply(new OAuthError(code, 'So.'));
    expect(reply).toMatchObject({ status, body: { error: code, error_description: 'So.' } });
    expect(reply.headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' });
  });

  it('that is 401 says how to authenticate', () => {
    expect(oauthErrorReply(new OAuthError('invalid_client', 'So.')).headers).toMatchObject({
      'www-authenticate': 'Basic realm="email-api"',
    });
  });

  it('that says when to try again is 429', () => {
    const reply = oauthErrorReply(new OAuthError('invalid_client', 'So.', { retryAfterSeconds: 2 }));
    expect(reply).toMatchObject({ status: 429, headers: { 'retry-after': '2' }, body: { error: 'invalid_client' } });
  });

  it('keeps what is for the log out of the answer', () => {
    const error = new OAuthError('invalid_client', 'So.', { reason: 'unknown client', clientId: 'a' });
    expect(oauthErrorReply(error).body).toEqual({ error: 'invalid_client', error_description: 'So.' });
  });

  it('has a description of the characters that RFC 6749 §5.2 allows', () => {
    const { body } = oauthErrorReply(new OAuthError('invalid_request', 'say "a\\b"\r\n„é“'));
    expect(body).toEqual({ error: 'invalid_request', error_description: "say 'a?b'????" + '?' });
  });
});

describe('an error of lib', () => {
  it.each([
    ['invalid_json', 400, 'invalid_request'],
    ['not_found', 404, 'invalid_request'],
    ['method_not_allowed', 405, 'invalid_request'],
    ['content_too_large', 413, 'invalid_request'],
    ['unsupported_media_type', 415, 'invalid_request'],
    ['internal_server_error', 500, 'server_error'],
    ['unavailable', 503, 'temporarily_unavailable'],
  ] as const)('%s keeps its status %i and becomes %s', (code, status, error) => {
    const reply = apiErrorReply(new ApiError(code, 'So.', { headers: { 'retry-after': '1' } }));
    expect(reply).toEqual({
      status,
      headers: { 'cache-control': 'no-store', pragma: 'no-cache', 'retry-after': '1' },
      body: { error, error_description: 'So.' },
    });
  });

  it('tells nothing of what nobody foresaw', () => {
    expect(JSON.stringify(apiErrorReply(toApiError(new Error('abc123'))))).not.toContain('abc123');
  });
});
