// Faults of webhooks: kill -9 of notify and dispatch under load. Every event is still delivered.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loopback } from '../local/ports.ts';
import type { Fault, Stage } from './fault.ts';
import { untilNoneLeft } from './patience.ts';
import { client } from './services.ts';

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

  // Each event that somebody wants to hear of has its delivery from the beginning (a trigger makes both at once).
  const events = () => sql<{ id: string; status: string | null; reason: string | null }[]>`
    select event.id, delivery.status, delivery.last_reason as reason from email_events event
    left join webhook_deliveries delivery on delivery.email_id = event.email_id and delivery.event_id = event.id
    where event.id > ${from} and event.id <= ${to} and event.type <> 'attempt' and delivery.status is distinct from 'delivered'`;
  const isOpen = ({ status }: { status: string | null }) => status === 'pending' || status === 'delivering';
  await untilNoneLeft(async () => (await events()).filter(isOpen).length);
  const untold = new Map<string, number>();
  for (const { status, reason } of await events()) {
    const why = status === null ? 'have no delivery' : `are ${status}${reason === null ? '' : `: ${reason}`}`;
    untold.set(why, (untold.get(why) ?? 0) + 1);
  }
  for (const [why, count] of untold) complain(`${count} events were not told and ${why}`);
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
        // As long as a slow machine may take to answer itself, with as many attempts as kills and that may cost.
        WEBHOOK_TIMEOUT_SECONDS: '5',
        WEBHOOK_RETRY_SECONDS: Array.from({ length: 100 }, () => 1).join(' '),
      },
    },
    make: killThoseWhoTell,
  },
];
