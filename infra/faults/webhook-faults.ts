// kill -9 of those who tell webhooks, under load: every event is told all the same.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { loopback } from '../local/ports.ts';
import type { Fault, Stage } from './fault.ts';
import { client } from './services.ts';

/** How long the deliveries may take that are open when the last kill is over, in ms: leases and graces are seconds here. */
const toldWithinMs = 30_000;

async function killThoseWhoTell({ full, load, fleet, sql, say, complain }: Stage): Promise<void> {
  const seen = new Map<string, number>();
  const server = createServer((request, response) => {
    const id = String(request.headers['webhook-id']);
    request.resume().on('end', () => {
      seen.set(id, (seen.get(id) ?? 0) + 1);
      response.writeHead(204).end();
    });
  }).listen(0, loopback);
  await once(server, 'listening');
  const url = `http://${loopback}:${(server.address() as AddressInfo).port}/`;
  const [{ first } = { first: 0 }] = await sql<{ first: number }[]>`
    with endpoint as (
      insert into webhooks (id, client_id, url, events, secrets)
      values (uuid_v7(), ${client.client_id}, ${url}, array['*'], '[{"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "expires_at": null}]')
    )
    select coalesce(max(id), 0)::integer as first from email_events`;
  // Events that were being written at that moment may belong to either side.
  await load.until(0.1);
  const [{ from } = { from: first }] = await sql<{ from: number }[]>`select max(id)::integer as from from email_events`;

  const times = full ? 10 : 3;
  for (let kill = 1; kill <= times; kill++) {
    await load.until(0.1 + (0.8 * kill) / (times + 1));
    await Promise.all([fleet.kill('notify'), fleet.kill('dispatch')]);
  }
  say(`notify and dispatch were killed ${times} times`);
  const [{ to } = { to: 0 }] = await sql<{ to: number }[]>`select max(id)::integer as to from email_events`;

  const deadline = Date.now() + toldWithinMs;
  const untold = () => sql<{ id: string }[]>`
    select event.id from email_events event
    left join webhook_deliveries delivery on delivery.email_id = event.email_id and delivery.event_id = event.id
    where event.id > ${from} and event.id <= ${to} and event.type <> 'attempt' and delivery.status is distinct from 'delivered'`;
  while ((await untold()).length > 0 && Date.now() < deadline) await pause(100);
  const lost = (await untold()).length;
  if (lost > 0) complain(`${lost} events were not told`);
  const delivered = await sql<{ id: string }[]>`
    select id from webhook_deliveries where event_id > ${from} and event_id <= ${to} and status = 'delivered'`;
  const unseen = delivered.filter(({ id }) => !seen.has(id)).length;
  if (unseen > 0) complain(`${unseen} deliveries are called delivered and never came`);
  const twice = delivered.filter(({ id }) => (seen.get(id) ?? 0) > 1).length;
  say(`${delivered.length} events told, ${twice} of them more than once`);
  server.close();
}

export const webhookFaults: readonly Fault[] = [
  {
    name: 'kill-notify',
    says: 'kill -9 of notify and dispatch, with webhooks',
    emails: 5_000,
    own: {
      notify: {
        WEBHOOK_ALLOWED_ADDRESSES: '127.0.0.0/8',
        WEBHOOK_TIMEOUT_SECONDS: '1',
        WEBHOOK_RETRY_SECONDS: '1 1 1 1 1 1 1 1 1 1',
      },
    },
    make: killThoseWhoTell,
  },
];
