// SIGTERM to everything at once under load, then started again.
import type { Fault, Stage } from './fault.ts';

async function repeatedly({ full, load }: Stage, work: () => Promise<void>): Promise<void> {
  const times = full ? 3 : 1;
  for (let time = 1; time <= times; time++) {
    await load.until(time / (times + 1));
    await work();
  }
}

/** SIGTERM is PostgreSQL's "smart" shutdown: no new sessions, and those there are may finish. Ours would keep it waiting. */
async function terminatePostgres({ services, sql }: Stage): Promise<void> {
  const { pid, exited } = services.postgres.running;
  process.kill(pid, 'SIGTERM');
  await sql`select pg_terminate_backend(pg_backend_pid())`.catch(() => {});
  await exited;
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
        await Promise.all([stage.fleet.stop(), rabbitMq.running.stop(), terminatePostgres(stage)]);
        stage.say('all have ended');
        await Promise.all([stage.fleet.start(), rabbitMq.start(), postgres.start()]);
        await stage.untilAllWork();
      }),
  },
];
