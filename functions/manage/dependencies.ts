// What the handlers of the manage function work with.
import type { AllowedRanges } from '../../lib/http/webhook-target.ts';
import type { Sql } from '../../lib/store/database.ts';

export interface ManageDependencies {
  sql: Sql;
  /** Addresses that webhooks may use although they are not public. */
  allowedAddresses: AllowedRanges;
}
