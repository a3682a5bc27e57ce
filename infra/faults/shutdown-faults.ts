// SIGTERM to everything at once under load, then started again.
import type { Fault, Stage } from './fault.ts';

async function repeatedly({ full, load }: Stage, work: () => Promise<void>): Promise<void> {
  const times = full ? 3 : 1;
  for (let time = 1; time <= times; time++) {
    await load.until(time / (times + 1));
    await work();
  }
}

export const shutdownFaults: readonly Fault[] = [
  {
    name: 'sigterm-functions',
    says: 'SIGTERM to all functions at once',
    short: true,
    make: (stage) =>
      repeatedly(stage, async () => {
        await stage.fleet.stop();
        await stage.fleet.start();
      }),
  },
  {
    name: 'sigterm-everything',
    says: 'SIGTERM to functions, RabbitMQ and PostgreSQL at once',
    make: (stage) =>
      repeatedly(stage, async () => {
        const { postgres, rabbitMq } = stage.services;
        await Promise.all([stage.fleet.stop(), rabbitMq.running.stop(), postgres.running.stop()]);
        stage.say('all have ended');
        await Promise.all([stage.fleet.start(), rabbitMq.start(), postgres.start()]);
        await stage.untilAllWork();
      }),
  },
];
