// Settings of the manage function.
import * as v from 'valibot';
import { apiKeySettings } from '../../lib/auth/api-key.ts';
import { accessTokenSettings } from '../../lib/auth/settings.ts';
import { webhookTargetSettings } from '../../lib/http/webhook-target.ts';
import { commonSettings } from '../../lib/process/settings.ts';
import { databaseSettings } from '../../lib/store/settings.ts';

export const ManageSettings = v.object({
  ...commonSettings,
  ...databaseSettings,
  ...accessTokenSettings,
  ...apiKeySettings,
  ...webhookTargetSettings,
});
