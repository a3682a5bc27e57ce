// What the handlers of the manage function work with.
import type { AllowedRanges } from '../../lib/http/webhook-target.ts';
import type { Work } from '../../lib/http/work.ts';
import type { Log } from '../../lib/process/log.ts';
import type { Sql } from '../../lib/store/database.ts';

export interface ManageDependencies {
  sql: Sql;
  /** Does in threads what takes long. */
  work: Work;
  /** Addresses that webhooks may use although they are not public. */
  allowedAddresses: AllowedRanges;
  /** What new API keys begin with. */
  keyPrefix: string;
  log: Log;
}
