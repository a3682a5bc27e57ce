// What every measure runs on: private services, the built bundles, and functions to start ours and the baselines.
import { join } from 'node:path';
import { connectQueue, type Queue } from '../../../lib/queue/queue.ts';
import { openDatabase, type Sql } from '../../../lib/store/database.ts';
import { functionRoles } from '../../local/function-roles.ts';
import type { FunctionName } from '../../local/functions.ts';
import { freePorts } from '../../local/ports.ts';
import { startPostgres } from '../../local/postgres.ts';
import { pidIn } from '../../local/process-table.ts';
import { startRabbitMq } from '../../local/rabbitmq.ts';
import { client, issuer, smtpConnections } from '../sample.ts';
import { accessToken, admin, logTo, purgeQueues, quiet } from './account.ts';
import { buildAll } from './bundles.ts';
import { type Launch, type NodeProcess, startNode } from './node-process.ts';
import { type Postfix, startPostfix } from './postfix.ts';
import { type RedisServer, startRedis } from './redis.ts';
import { type Sink, startSink, startTimingSink } from './sink.ts';

export interface MeasuredApi {
  directory: string;
  bundles: string;
  databaseUrl: string;
  sql: Sql;
  queue: Queue;
  sink: Sink;
  timingSink: Sink;
  /** Undefined if this machine has none; then its columns are missing. */
  redis: RedisServer | undefined;
  postfix: Postfix | undefined;
  /** Of PostgreSQL and RabbitMQ. */
  pids: { PostgreSQL: number; RabbitMQ: number };
  /** An access token of the one client. */
  accessToken: string;
  /** Makes a further client; fulfilled with an access token of it. */
  createClient(id: string): Promise<string>;
  /** Fulfilled once it answers `probe`: that it is ready, where not said. */
  startFunction(name: FunctionName, settings?: Record<string, string>, how?: How): Promise<NodeProcess>;
  /** A baseline that listens; fulfilled once it answers. */
  startBaseline(name: string, env?: Record<string, string>): Promise<NodeProcess>;
  /** A baseline that listens on nothing; fulfilled at once. */
  runBaseline(name: string, env: Record<string, string>, log?: (line: string) => void): Promise<NodeProcess>;
  /** No emails, and nothing on the queues. */
  clear(): Promise<void>;
}

/** How a function is started, where it matters. */
type How = Partial<Pick<Launch, 'file' | 'probe' | 'nodeFlags'>>;

interface Stoppable {
  stop(): Promise<void>;
}

/** Services that have started, in that order; `close` stops them the other way round, also after a start that failed half-way. */
export interface Services {
  started: Stoppable[];
  close(): Promise<void>;
}

export function createServices(): Services {
  const started: Stoppable[] = [];
  return {
    started,
    async close() {
      for (const service of started.splice(0).reverse()) await service.stop();
    },
  };
}

export async function bringUp(
  directory: string,
  { started }: Services,
  say: (line: string) => void,
): Promise<MeasuredApi> {
  const keep = <Service extends Stoppable | undefined>(service: Service): Service => {
    if (service !== undefined) started.push(service);
    return service;
  };
  const logOf = (name: string) => logTo(join(directory, 'logs', `${name}.log`));
  const bundles = join(directory, 'bundles');
  const at = (name: string) => join(directory, name);

  say('building the bundles');
  await buildAll(bundles);
  say('starting PostgreSQL (its own, durable defaults), RabbitMQ, Redis (appendfsync always), Postfix and the sinks');
  const [postgresPort = 0, amqpPort = 0] = await freePorts(2);
  const postgres = keep(await startPostgres({ directory: at('postgres'), port: postgresPort, log: logOf('postgres') }));
  const rabbitMq = keep(
    await startRabbitMq({ directory: at('rabbitmq'), port: amqpPort, log: logOf('rabbitmq'), notice: say }),
  );
  const redis = keep(await startRedis(at('redis'), logOf('redis')));
  const sink = keep(await startSink(bundles, logOf('sink')));
  const timingSink = keep(await startTimingSink(bundles, logOf('timing-sink')));
  const postfix = keep(await startPostfix(at('postfix'), sink.port, logOf('postfix')));
  if (redis === undefined) say('no Redis here, and none can be installed: no peer in the table');
  if (postfix === undefined) say('no Postfix here, and none can be installed: no Postfix in the table');

  const signingKeys = at('signing-keys.json');
  const roles = functionRoles(at('roles'));
  await admin(postgres.url, 'migrate');
  await admin(postgres.url, 'database', 'roles', roles.file);
  await admin(
    postgres.url,
    'client',
    'ensure',
    '--demo',
    client.id,
    '--secret',
    client.secret,
    '--scope',
    'basic email',
  );
  await admin(postgres.url, 'signing-key', 'ensure', signingKeys);
  const sql = openDatabase(postgres.url, { connections: 4, name: 'bench' });
  keep({ stop: () => sql.end() });
  const queue = await connectQueue(rabbitMq.url, quiet);
  keep({ stop: () => queue.close() });

  const common = { HOST: '127.0.0.1', ISSUER: issuer, AMQP_URL: rabbitMq.url };
  const startOurs = (name: FunctionName, settings: Record<string, string> = {}, how: How = {}) =>
    startNode({
      file: join(bundles, name, 'index.mjs'),
      env: {
        ...common,
        ...(name === 'token' && { SIGNING_KEYS_FILE: signingKeys, TOKEN_LIFETIME_SECONDS: '86400' }),
        ...(name === 'consume' && { SMTP_URL: sink.url, SMTP_CONNECTIONS: String(smtpConnections) }),
        JWKS_URL: jwksUrl,
        ...settings,
        DATABASE_URL: roles.urlOf(name, settings.DATABASE_URL ?? postgres.url),
      },
      probe: '/readyz',
      ...how,
      log: logOf(name),
    });
  let jwksUrl = 'http://127.0.0.1:1/';
  const token = keep(await startOurs('token'));
  jwksUrl = `${token.url}/.well-known/jwks.json`;

  return {
    directory,
    bundles,
    databaseUrl: postgres.url,
    sql,
    queue,
    sink,
    timingSink,
    redis,
    postfix,
    pids: {
      PostgreSQL: pidIn(join(at('postgres'), 'data', 'postmaster.pid')) ?? 0,
      RabbitMQ: pidIn(join(at('rabbitmq'), 'node.pid')) ?? 0,
    },
    accessToken: await accessToken(token.url),
    async createClient(id) {
      const { secret } = client;
      await admin(postgres.url, 'client', 'ensure', '--demo', id, '--secret', secret, '--scope', 'basic email');
      return accessToken(token.url, { id, secret });
    },
    startFunction: startOurs,
    startBaseline: (name, env = {}) =>
      startNode({ file: join(bundles, `${name}.mjs`), env, probe: '/', log: logOf(name) }),
    runBaseline: (name, env, log = logOf(name)) =>
      startNode({ file: join(bundles, `${name}.mjs`), env, probe: undefined, log }),
    async clear() {
      await sql`truncate emails, email_contents, email_attachments, email_events, idempotency_keys cascade`;
      await purgeQueues(rabbitMq.url);
    },
  };
}
