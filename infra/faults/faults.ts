// Every fault there is, in the order in which they are made.
import { brokerFaults } from './broker-faults.ts';
import type { Fault } from './fault.ts';
import { killFaults } from './kill-faults.ts';

const none: Fault = {
  name: 'none',
  says: 'no fault',
  short: true,
  async make() {},
};

export const faults: readonly Fault[] = [none, ...killFaults, ...brokerFaults];
