// Settings of the console function.
import * as v from 'valibot';
import { commonSettings } from '../../lib/process/settings.ts';

export const ConsoleSettings = v.object(commonSettings);
