// A private RabbitMQ node: its own name, folders, cookie and port mapper, all on loopback, so that it disturbs no other.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Child, type ChildOptions, startChild } from './child.ts';
import { answers, assertPortIsFree, freePorts, loopback } from './ports.ts';
import { endLeftover } from './process-table.ts';
import { findRabbitMq } from './rabbitmq-find.ts';

export interface RabbitMqOptions {
  directory: string;
  port: number;
  log: (line: string) => void;
  /** Gets the one line that says that packages are being fetched; the log, where not given. */
  notice?: (line: string) => void;
  /** Where to look for `rabbitmq-server`, in place of the PATH. */
  path?: string;
  /** Where packages are unpacked; `false`: nothing is fetched. */
  packages?: string | false;
}

export interface RabbitMq {
  url: string;
  /** Fulfilled, with how it ended, once it is gone. */
  exited: Promise<string>;
  stop(): Promise<void>;
  /** SIGKILL of the Erlang machine, as in a crash; starting again on the same folder recovers. */
  kill(): Promise<void>;
  /** Runs `rabbitmqctl` against this node; it takes a second or two, as that starts an Erlang machine, too. */
  control(...args: string[]): Promise<void>;
}

export async function startRabbitMq(options: RabbitMqOptions): Promise<RabbitMq> {
  const { directory, port, log, notice = log, path, packages } = options;
  const home = resolve(directory);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const pidFiles = { epmd: join(home, 'epmd.pid'), node: join(home, 'node.pid') };
  await endLeftover(pidFiles.node, home);
  await endLeftover(pidFiles.epmd, `-address ${loopback}`);
  await assertPortIsFree(port, 'RabbitMQ');

  const binaries = await findRabbitMq({ log, notice, path, packages });
  const password = secretIn(join(home, 'password'), 0o600);
  // Erlang wants the cookie here, under HOME, and readable by its owner alone.
  secretIn(join(home, '.erlang.cookie'), 0o400);
  const [epmdPort = 0, distributionPort = 0] = await freePorts(2);

  // Started by us and in the foreground: RabbitMQ would boot a second Erlang machine only to start a daemon that outlives it.
  const epmd =
    binaries.epmd && startPortMapper(binaries.epmd, epmdPort, { pidFile: pidFiles.epmd, env: binaries.env, log });
  const env = { ...binaries.env, ...settings(home, { port, password }), ...erlang(home, epmdPort, distributionPort) };
  const node = startChild({
    name: 'RabbitMQ',
    command: binaries.server,
    args: [],
    cwd: home,
    env,
    pidFile: pidFiles.node,
    stopWithin: 20_000,
    // Erlang loses a SIGTERM that comes while it boots; a crash is what quorum queues are made for.
    deathSignal: 'SIGKILL',
    log,
  });
  const both = [node, ...(epmd ? [epmd] : [])];
  const end = (how: 'stop' | 'kill') => async () => {
    for (const child of both) await child[how]();
  };
  // An AMQP server answers the protocol's header with a method frame (its first byte is 1).
  await node
    .until(() => answers(port, '\x01', 'AMQP\0\0\x09\x01'))
    .catch(async (error) => {
      await end('kill')();
      throw error;
    });
  const url = `amqp://local:${password}@${loopback}:${port}`;
  const command = join(dirname(binaries.server), 'rabbitmqctl');
  const control = (...args: string[]) =>
    startChild({ name: `rabbitmqctl ${args[0]}`, command, args, cwd: home, env, log }).done();
  return { url, exited: node.exited, stop: end('stop'), kill: end('kill'), control };
}

function startPortMapper(command: string, port: number, further: Pick<ChildOptions, 'pidFile' | 'env' | 'log'>): Child {
  return startChild({ name: 'epmd', command, args: ['-address', loopback, '-port', String(port)], ...further });
}

/** RabbitMQ's own settings, written anew at each start; every path it could look at elsewhere is named. */
function settings(home: string, { port, password }: { port: number; password: string }): Record<string, string> {
  const conf = join(home, 'rabbitmq.conf');
  const advanced = join(home, 'advanced.config');
  const plugins = join(home, 'enabled_plugins');
  writeFileSync(
    conf,
    [
      `listeners.tcp.1 = ${loopback}:${port}`,
      'default_user = local',
      `default_pass = ${password}`,
      'default_permissions.configure = .*',
      'default_permissions.read = .*',
      'default_permissions.write = .*',
      'log.file.level = info',
      '',
    ].join('\n'),
    { mode: 0o600 },
  );
  writeFileSync(plugins, '[].\n');
  // Without `reuseaddr` a restart is refused its port for the minute that the system remembers closed connections.
  // The others are RabbitMQ's defaults, which this list replaces.
  const listen = '{backlog,128},{nodelay,true},{linger,{true,0}},{exit_on_close,false},{reuseaddr,true}';
  writeFileSync(advanced, `[{rabbit,[{tcp_listen_options,[${listen}]}]}].\n`);
  return {
    RABBITMQ_NODENAME: 'email@localhost',
    RABBITMQ_CONFIG_FILE: conf,
    RABBITMQ_CONFIG_FILES: join(home, 'conf.d'),
    RABBITMQ_ADVANCED_CONFIG_FILE: advanced,
    // The machine's own /etc/rabbitmq/rabbitmq-env.conf is not for this node.
    RABBITMQ_CONF_ENV_FILE: join(home, 'rabbitmq-env.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: plugins,
    RABBITMQ_MNESIA_BASE: join(home, 'db'),
    RABBITMQ_SCHEMA_DIR: join(home, 'schema'),
    RABBITMQ_LOG_BASE: join(home, 'log'),
  };
}

function erlang(home: string, epmdPort: number, distributionPort: number): Record<string, string> {
  return {
    HOME: home,
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: loopback,
    ERL_FLAGS: '',
    RABBITMQ_DIST_PORT: String(distributionPort),
    // Two schedulers that sleep when idle: it shares the machine with everything else that starts now.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: [
      '+S 2:2 +SDio 4 +sbwt none +sbwtdcpu none +sbwtdio none',
      '-kernel inet_dist_use_interface {127,0,0,1}',
    ].join(' '),
    // Makes the script become the Erlang machine (`exec`), so that its pid is the one we signal.
    RUNNING_UNDER_SYSTEMD: 'true',
  };
}

function secretIn(file: string, mode: number): string {
  if (!existsSync(file)) writeFileSync(file, randomBytes(18).toString('hex'), { mode });
  return readFileSync(file, 'utf8').trim();
}
