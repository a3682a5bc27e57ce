// Settings of the history function.
import * as v from 'valibot';
import { accessTokenSettings, commonSettings } from '../../lib/env.ts';

export const HistorySettings = v.object({ ...commonSettings, ...accessTokenSettings });
