// What the handlers of the manage function work with.
import type { ApiError } from '../../lib/http/errors.ts';
import { invalidBody } from '../../lib/http/request-body.ts';
import type { AllowedRanges } from '../../lib/http/webhook-target.ts';
import type { Work } from '../../lib/http/work.ts';
import type { Log } from '../../lib/process/log.ts';
import type { Sql } from '../../lib/store/database.ts';

export interface StoredBounds {
  /** Made by hand; those of bounces do not count. */
  suppressions: number;
  webhooks: number;
  /** Bytes of all versions of all templates. */
  templateBytes: number;
}

/** The error of a change after which the client would have more than it may have. `message` is a sentence without its full stop. */
export function tooMany(message: string): ApiError {
  return invalidBody([{ path: '', message }]);
}

export interface ManageDependencies {
  sql: Sql;
  /** Does in threads what takes long. */
  work: Work;
  /** Addresses that webhooks may use although they are not public. */
  allowedAddresses: AllowedRanges;
  /** What new API keys begin with. */
  keyPrefix: string;
  log: Log;
  /** What one client may have. */
  most: StoredBounds;
}
