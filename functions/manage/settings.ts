// Settings of the manage function.
import * as v from 'valibot';
import { apiKeySettings } from '../../lib/auth/api-key.ts';
import { accessTokenSettings } from '../../lib/auth/settings.ts';
import { webhookTargetSettings } from '../../lib/http/webhook-target.ts';
import { commonSettings, integer } from '../../lib/process/settings.ts';
import { databaseSettings } from '../../lib/store/settings.ts';

export const ManageSettings = v.object({
  ...commonSettings,
  ...databaseSettings,
  ...accessTokenSettings,
  ...apiKeySettings,
  ...webhookTargetSettings,
  /** What one client may have: suppressions made by hand, … */
  SUPPRESSIONS_PER_CLIENT: v.optional(integer(1, 100_000_000), '1000000'),
  /** … bytes of all versions of its templates, … */
  TEMPLATE_BYTES_PER_CLIENT: v.optional(integer(1, 10_000_000_000), '100000000'),
  /** … endpoints. Each event makes a delivery for each of them. */
  WEBHOOKS_PER_CLIENT: v.optional(integer(1, 1_000), '20'),
});
