// A private, durable Redis for the peer: `redis-server` from the PATH, or Debian's package.
import { mkdirSync } from 'node:fs';
import { Redis } from 'ioredis';
import { startChild } from '../../local/child.ts';
import { answers, freePort, loopback } from '../../local/ports.ts';
import { findProgram } from './programs.ts';

export interface RedisServer {
  port: number;
  pid: number;
  /** Forgets everything. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

/** Undefined if there is none; the log says why. */
export async function startRedis(directory: string, log: (line: string) => void): Promise<RedisServer | undefined> {
  const server = await findProgram('redis-server', 'redis-server', log);
  if (server === undefined) return undefined;
  mkdirSync(directory, { recursive: true });
  const port = await freePort();
  // An acknowledged job must be on disk, as an accepted email is; otherwise the comparison would be unfair.
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
  const child = startChild({
    name: 'Redis',
    command: server,
    args: [
      '--bind',
      loopback,
      '--port',
      String(port),
      '--dir',
      directory,
      '--maxmemory-policy',
      'noeviction',
      ...durable,
    ],
    log,
  });
  await child.until(() => answers(port, '+PONG', 'PING\r\n'));
  const clear = async () => {
    const redis = new Redis({ port, host: loopback });
    await redis.flushall();
    await redis.quit();
  };
  return { port, pid: child.pid, clear, stop: child.stop };
}
