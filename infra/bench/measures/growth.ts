// A long history beside a short one: accepting, claiming, recording, dispatch's round, retention, listing and reading one email.
import { openDatabase, type Sql } from '../../../lib/store/database.ts';
import { insertEmails } from '../../../lib/store/emails/accept.ts';
import { claimEmails } from '../../../lib/store/emails/claim.ts';
import { lockDueEmails } from '../../../lib/store/emails/due.ts';
import { purgeEmails } from '../../../lib/store/emails/purge.ts';
import { type Transition, transitionEmails } from '../../../lib/store/emails/transition-emails.ts';
import { alternate, type Run, type Values } from '../alternate.ts';
import { type Row, valuesOf } from '../row.ts';
import { client, email, newEmail } from '../sample.ts';
import { admin } from '../services/account.ts';
import { load, percentile } from '../services/load.ts';
import type { MeasuredApi } from '../services/measured-api.ts';
import type { NodeProcess } from '../services/node-process.ts';
import type { Measure, Scale } from './measure.ts';

interface History {
  sql: Sql;
  send: NodeProcess;
  history: NodeProcess;
  /** Of emails here and there in it. */
  ids: string[];
}

/** Far more than this measure takes: nothing in the histories becomes due by itself. */
const graceSeconds = 3_600;
/** Connections of the HTTP load: a moderate one, as it is the way of one request that is of interest. */
const connections = 4;
/** Ids claimed at once, as a worker of ten connections does. */
const claimSize = 20;
const claimsPerRun = 60;
/** The seeded histories are of 90 days: a third is older than this. */
const retentionMs = 60 * 24 * 3_600_000;

export const growthMeasure: Measure = {
  name: 'growth',
  about: 'a long history against a short one: accept, claim, record, list, one email, a look for due ones',
  async run(ground, scale) {
    const { few, many } = scale.growth;
    const histories: History[] = [];
    try {
      for (const rows of [few, many]) histories.push(await openHistory(ground, `history_${rows}`, rows));
      const [short, long] = histories as [History, History];
      const of =
        (one: History): Run =>
        () =>
          useHistory(ground, one, scale);
      const { ours, baseline } = await alternate(scale.rounds, { baseline: of(short), ours: of(long) });
      const row = (measure: string, name: string, atMost?: number): Row => ({
        measure: `${readableRows(many)} rows: ${measure}, p95`,
        unit: 'ms',
        ours: valuesOf(ours, name),
        baseline: { name: `${readableRows(few)} rows`, values: valuesOf(baseline, name) },
        ...(atMost !== undefined && { goal: { of: 'ratio', atMost } }),
      });
      return [
        row('POST /send', 'accept', 1.3),
        row(`claim of ${claimSize}`, 'claim', 1.3),
        row('GET /emails', 'list', 1.3),
        row('GET /emails/{id}', 'one', 1.2),
        row(`record of ${claimSize}`, 'record', 1.3),
        row('look for due emails', 'due'),
        row(`retention, ${claimSize} deleted`, 'purge'),
      ];
    } finally {
      for (const { sql, send, history } of histories) {
        await Promise.all([send.stop(), history.stop()]);
        await sql.end();
      }
    }
  },
};

async function openHistory(ground: MeasuredApi, name: string, rows: number): Promise<History> {
  await ground.sql`create database ${ground.sql(name)}`;
  const url = new URL(ground.databaseUrl);
  url.pathname = `/${name}`;
  await admin(url.href, 'migrate');
  await admin(url.href, 'client', 'ensure', '--demo', client.id, '--secret', client.secret, '--scope', 'basic email');
  const sql = openDatabase(url.href, { connections: 2, name: 'bench' });
  await seed(sql, rows);
  const settings = { DATABASE_URL: url.href, PUBLISH_GRACE_SECONDS: String(graceSeconds) };
  const [send, history] = await Promise.all([
    ground.startFunction('send', settings),
    ground.startFunction('history', settings),
  ]);
  // Of those that retention leaves.
  const ids = await sql<{ id: string }[]>`
    select id from emails where accepted_at > now() - ${retentionMs / 2} * interval '1 millisecond' order by random() limit 1000`;
  return { sql, send, history, ids: ids.map(({ id }) => id) };
}

/** Delivered emails of the last 90 days, oldest first, as years of use would leave them: each with its content and three events. */
async function seed(sql: Sql, rows: number): Promise<void> {
  const { from, to, subject, text, html } = email;
  const headers = JSON.stringify({ from, to, cc: [], bcc: [], reply_to: [] });
  await sql`
    insert into emails (id, client_id, status, sender, recipients, subject, message_id, attempts, accepted_at, wanted_at,
                        queued_at, finished_at, last_reply)
    select uuidv7((at - now())::interval), ${client.id}, 'sent', ${from.email}, array['user' || n % 50000 || '@example.com'],
           ${subject}, '<' || n || '@example.com>', 1, at, at, at, at, '250 2.0.0 Ok'
    from (select n, now() - (${rows} - n) * (interval '90 days' / ${rows}) as at from generate_series(1, ${rows}) n) one`;
  await sql`
    insert into email_contents (email_id, headers, text_body, html_body)
    select id, ${headers}::text::jsonb, ${text}, ${html} from emails order by id`;
  await sql`
    insert into email_events (email_id, at, type, detail)
    select id, accepted_at, type, detail::jsonb
    from emails, (values (1, 'accepted', '{"status": "queued"}'),
                         (2, 'attempt', '{"ms": 4, "code": 250, "relay": "127.0.0.1:25", "attempt": 1, "outcome": "sent"}'),
                         (3, 'sent', '{}')) step(step, type, detail)
    order by id, step`;
  await sql`vacuum analyze`;
}

async function useHistory(
  ground: MeasuredApi,
  { sql, send, history, ids }: History,
  { loadMs }: Scale,
): Promise<Values> {
  const headers = { Authorization: `Bearer ${ground.accessToken}` };
  const common = { headers, connections, durationMs: loadMs / 4 };
  const body = JSON.stringify(email);
  const accept = await load({ ...common, port: send.port, path: '/send', body, status: 202 });
  const reading = { ...common, method: 'GET', port: history.port, status: 200 } as const;
  const list = await load({ ...reading, path: '/emails?limit=50' });
  let next = 0;
  const one = await load({
    ...reading,
    path: () => {
      next = (next + 1) % ids.length;
      return `/emails/${ids[next]}`;
    },
  });
  const p95 = ({ latencies }: { latencies: Float64Array }) => percentile(latencies, 0.95);
  return { accept: p95(accept), list: p95(list), one: p95(one), ...(await claimAndLook(sql)) };
}

async function claimAndLook(sql: Sql): Promise<Values> {
  const claims: number[] = [];
  const records: number[] = [];
  const looks: number[] = [];
  const purges: number[] = [];
  for (let index = 0; index < claimsPerRun; index += 1) {
    const emails = Array.from({ length: claimSize }, newEmail);
    await insertEmails(sql, [{ client_id: client.id, idempotency: null, emails }], graceSeconds * 1000);
    claims.push(
      await timed(() =>
        claimEmails(
          sql,
          emails.map(({ id }) => id),
          graceSeconds * 1000,
        ),
      ),
    );
    records.push(await timed(() => transitionEmails(sql, emails.map(toSent))));
    looks.push(await timed(() => lockDueEmails(sql, 100, 0)));
    purges.push(await timed(() => purgeEmails(sql, retentionMs, claimSize)));
  }
  const p95 = (values: number[]) =>
    percentile(
      values.toSorted((a, b) => a - b),
      0.95,
    );
  return { claim: p95(claims), record: p95(records), due: p95(looks), purge: p95(purges) };
}

function toSent({ id }: { id: string }): Transition {
  const reply = '2.0.0 Ok';
  const settled = { status: 'sent', code: 250, enhanced_code: '2.0.0', reply } as const;
  const last_reply = `250 ${reply}`;
  return {
    id,
    by: 'attempt',
    attempts: 1,
    to: 'sent',
    due_in_ms: null,
    settled: Object.fromEntries(email.to.map((mailbox) => [mailbox.email, settled])),
    last_reply,
    events: [{ type: 'sent', detail: {} }],
    facts: [],
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

function readableRows(rows: number): string {
  return rows.toLocaleString('en');
}
