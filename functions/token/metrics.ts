// What the token function counts: tokens issued, and refused by reason.
import type { ApiError } from '../../lib/http/errors.ts';
import { counter, type Metrics } from '../../lib/process/metrics.ts';
import { OAuthError } from './oauth-error.ts';

export interface TokenMetrics {
  issued(): void;
  refused(error: OAuthError | ApiError): void;
}

/** What the log says why → what the metric does. A closed list: whatever else is refused counts by its error code. */
const reasons = new Map([
  ['unknown client', 'unknown_client'],
  ['disabled client', 'disabled_client'],
  ['wrong secret', 'wrong_secret'],
  ['slowed', 'slowed'],
  ['crowded', 'crowded'],
  ['no key of the client fits the assertion', 'no_fitting_key'],
  ['the assertion is malformed', 'malformed_assertion'],
]);

export function createTokenMetrics(metrics: Metrics): TokenMetrics {
  const issued = counter(metrics, 'tokens_issued_total', 'Access tokens issued.');
  const refused = counter(metrics, 'tokens_refused_total', 'Requests for access tokens refused, by reason.', [
    'reason',
  ]);
  return { issued: () => issued.inc(), refused: (error) => refused.inc({ reason: reasonOf(error) }) };
}

function reasonOf(error: OAuthError | ApiError): string {
  return (error instanceof OAuthError && reasons.get(error.reason ?? '')) || error.code;
}
