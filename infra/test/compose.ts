// Docker as the compose check uses it: an engine, one project of its own, and what its containers say of themselves.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

type Environment = Record<string, string>;

export interface Container {
  service: string;
  id: string;
  state: 'created' | 'running' | 'restarting' | 'exited';
  exitCode: number;
  /** Undefined where there is no health check. */
  health: string | undefined;
  readOnly: boolean;
  /** Entries as in `NAME=value`. */
  env: string[];
  capDrop: string[];
}

export interface Compose {
  /** Runs `docker compose …` and returns what it wrote; rejects, with its complaints, when it fails. */
  run(...args: string[]): Promise<string>;
  /** Runs a program in a running container, as root or as the container's user; returns what it wrote, complaints included. */
  exec(container: Container, user: 'root' | 'own', ...command: string[]): Promise<string>;
  /** All containers by service, those that have ended as well. */
  containers(): Promise<Map<string, Container>>;
}

export interface Engine {
  /** How `docker` finds it. */
  env: Environment;
  /** Stops it, if it was us who started it. */
  release(): void;
}

/** Nothing that is done at once takes longer, in ms: packages are installed, images built. */
const patience = 600_000;

export function composeProject(name: string, env: Environment): Compose {
  const run = (...args: string[]) => docker(['compose', '--project-name', name, ...args], env);
  return {
    run,
    exec(container, user, ...command) {
      const as = user === 'root' ? ['--user', 'root'] : [];
      return docker(['exec', ...as, container.id, 'sh', '-c', '"$@" 2>&1 || true', 'sh', ...command], env);
    },
    async containers() {
      const ids = (await run('ps', '--all', '--quiet')).split('\n').filter(Boolean);
      const containers: Container[] = JSON.parse(await docker(['inspect', ...ids], env)).map(toContainer);
      return new Map(containers.map((container) => [container.service, container]));
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: what docker inspect prints
function toContainer({ Id, State, Config, HostConfig }: any): Container {
  return {
    service: Config.Labels['com.docker.compose.service'],
    id: Id,
    state: State.Status,
    exitCode: State.ExitCode,
    health: State.Health?.Status,
    readOnly: HostConfig.ReadonlyRootfs,
    env: Config.Env,
    capDrop: HostConfig.CapDrop ?? [],
  };
}

function docker(args: string[], env: Environment): Promise<string> {
  const options = { env: { ...process.env, ...env }, timeout: patience, maxBuffer: 2 ** 26 };
  return new Promise((resolve, reject) => {
    execFile('docker', args, options, (error, stdout, stderr) => {
      const complaint = stderr.trim().split('\n').slice(-15).join('\n');
      if (error) reject(new Error(`docker ${args.join(' ')}:\n${complaint || error.message}`));
      else resolve(stdout);
    });
  });
}

/** An engine that the script started which CONTAINER_ENGINE names, or the one in the folder beside ours; else the machine's own. */
export async function findEngine(): Promise<Engine> {
  const script = process.env.CONTAINER_ENGINE || '../shared/containers/engine';
  if (!existsSync(script)) return { env: {}, release: () => {} };
  const [, host = ''] = /DOCKER_HOST=(\S+)/.exec(execFileSync(script, ['env'], { encoding: 'utf8' })) ?? [];
  const env = { DOCKER_HOST: host };
  const wasUp = await docker(['version'], env).then(
    () => true,
    () => false,
  );
  const tell = (word: string) =>
    execFileSync(script, [word], { stdio: ['ignore', 'inherit', 'inherit'], timeout: patience });
  tell('up');
  return { env, release: () => wasUp || tell('down') };
}
