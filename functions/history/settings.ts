// Settings of the history function.
import * as v from 'valibot';
import { accessTokenSettings } from '../../lib/auth/settings.ts';
import { commonSettings } from '../../lib/process/settings.ts';
import { databaseSettings } from '../../lib/store/settings.ts';

export const HistorySettings = v.object({ ...commonSettings, ...databaseSettings, ...accessTokenSettings });
