// RabbitMQ goes: killed, stopped, its queues emptied or deleted by hand, its disk full.
import { setTimeout as pause } from 'node:timers/promises';
import { deleteQueues, purgeQueues } from './by-hand.ts';
import type { Fault, Stage } from './fault.ts';

/** The issue asks for at least so many emails where something is killed. */
const emails = 5_000;
/** How long the broker is away, in ms. */
const awayMs = 3_000;

async function endAndStart(how: 'kill' | 'stop', { full, services, load, say, untilAllWork }: Stage): Promise<void> {
  const times = full ? 2 : 1;
  for (let time = 1; time <= times; time++) {
    await load.until(time / (times + 2));
    await services.rabbitMq.running[how]();
    say(`RabbitMQ is away (${how})`);
    await pause(awayMs);
    await services.rabbitMq.start();
    say('RabbitMQ is back');
    await untilAllWork();
  }
}

async function repeatedly({ full, load }: Stage, work: () => Promise<void>): Promise<void> {
  const times = full ? 8 : 3;
  for (let time = 1; time <= times; time++) {
    await load.until(time / (times + 1));
    await work();
  }
}

export const brokerFaults: readonly Fault[] = [
  {
    name: 'kill-rabbitmq',
    says: 'kill -9 of RabbitMQ',
    short: true,
    emails,
    make: (stage) => endAndStart('kill', stage),
  },
  {
    name: 'stop-rabbitmq',
    says: 'RabbitMQ stopped',
    emails,
    make: (stage) => endAndStart('stop', stage),
  },
  {
    name: 'purge-queues',
    says: 'queues purged by hand',
    // So slow that there is something on the queue to be purged.
    own: { consume: { SMTP_CONNECTIONS: '2' } },
    async make(stage) {
      let purged = 0;
      await stage.smtp.behave({ slowMs: 20 });
      await repeatedly(stage, async () => {
        purged += await purgeQueues(stage.services.rabbitMq.running.url);
      });
      stage.say(`${purged} messages were purged`);
      if (purged === 0) stage.complain('there was nothing to purge');
      await stage.smtp.behave({});
    },
  },
  {
    name: 'delete-queues',
    says: 'queues deleted by hand',
    short: true,
    make: (stage) => repeatedly(stage, () => deleteQueues(stage.services.rabbitMq.running.url)),
  },
  {
    name: 'disk-alarm',
    says: 'disk alarm of RabbitMQ',
    async make({ services, load, say, untilAllWork }) {
      await load.until(0.2);
      // More than any disk has.
      await services.rabbitMq.running.control('set_disk_free_limit', '1000000GB');
      say('the disk alarm is on');
      await load.until(0.5);
      await pause(awayMs);
      await services.rabbitMq.running.control('set_disk_free_limit', '50MB');
      say('the disk alarm is off');
      await untilAllWork();
    },
  },
];
