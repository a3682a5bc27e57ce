// What a fresh API needs before it can be measured: a schema, a client, its token, empty queues, and a place for the logs.
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { connect } from 'amqplib';
import { createLog } from '../../../lib/process/log.ts';
import { queueNames } from '../../../lib/queue/topology.ts';
import { runAdmin } from '../../admin/run.ts';
import { client } from '../sample.ts';

export const quiet = createLog('bench', 'silent');

/** Runs the operator's command. */
export async function admin(databaseUrl: string, ...args: string[]): Promise<void> {
  const outcome = await runAdmin(args, {
    databaseUrl,
    amqpUrl: undefined,
    migrationsDirectory: undefined,
    say: () => {},
  });
  if (outcome.exitCode !== 0) throw new Error(`admin ${args.join(' ')}: ${outcome.complaint}`);
}

export const tokenRequest = requestOf(client);

function requestOf({ id, secret }: typeof client): string {
  const credentials = { client_id: id, client_secret: secret };
  return JSON.stringify({ grant_type: 'client_credentials', ...credentials, scope: 'basic email' });
}

export async function accessToken(tokenUrl: string, of = client): Promise<string> {
  const response = await fetch(`${tokenUrl}/authorize`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: requestOf(of),
  });
  if (!response.ok) throw new Error(`no token: ${response.status} ${await response.text()}`);
  const { access_token } = (await response.json()) as { access_token: string };
  return access_token;
}

export async function purgeQueues(amqpUrl: string): Promise<void> {
  const connection = await connect(amqpUrl);
  const channel = await connection.createChannel();
  for (const name of Object.values(queueNames)) await channel.purgeQueue(name);
  await connection.close();
}

/** Appends lines to a file; what goes wrong in a bench is read there. */
export function logTo(file: string): (line: string) => void {
  mkdirSync(dirname(file), { recursive: true });
  const stream = createWriteStream(file, { flags: 'a' });
  return (line) => void stream.write(`${line}\n`);
}
