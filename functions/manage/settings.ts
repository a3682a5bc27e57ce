// Settings of the manage function.
import * as v from 'valibot';
import { accessTokenSettings, commonSettings } from '../../lib/env.ts';

export const ManageSettings = v.object({ ...commonSettings, ...accessTokenSettings });
