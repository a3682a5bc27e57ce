// The list of all faults, in the order in which they run.
import { brokerFaults } from './broker-faults.ts';
import { crowdFaults } from './crowd-faults.ts';
import { databaseFaults } from './database-faults.ts';
import type { Fault } from './fault.ts';
import { killFaults } from './kill-faults.ts';
import { messageFaults } from './message-faults.ts';
import { shutdownFaults } from './shutdown-faults.ts';
import { smtpFaults } from './smtp-faults.ts';
import { webhookFaults } from './webhook-faults.ts';

const none: Fault = {
  name: 'none',
  says: 'no fault',
  short: true,
  async make() {},
};

export const faults: readonly Fault[] = [
  none,
  ...killFaults,
  ...brokerFaults,
  ...databaseFaults,
  ...smtpFaults,
  ...messageFaults,
  ...crowdFaults,
  ...shutdownFaults,
  ...webhookFaults,
];
