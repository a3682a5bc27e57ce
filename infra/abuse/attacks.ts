// The attacks, by name.
import type { Attack } from './attack.ts';
import { bodyAttacks } from './body-attacks.ts';
import { deliveryAttacks } from './delivery-attacks.ts';
import { workAttacks } from './work-attacks.ts';

export const attacks: readonly Attack[] = [...bodyAttacks, ...workAttacks, ...deliveryAttacks];
