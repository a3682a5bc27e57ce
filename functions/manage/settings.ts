// Settings of the manage function.
import * as v from 'valibot';
import { accessTokenSettings, commonSettings } from '../../lib/env.ts';
import { webhookTargetSettings } from '../../lib/webhooks/target.ts';

export const ManageSettings = v.object({ ...commonSettings, ...accessTokenSettings, ...webhookTargetSettings });
