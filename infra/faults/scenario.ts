// Runs one fault: starts functions on their own database, puts on load, makes the fault, waits until all emails end, and judges.
import { join } from 'node:path';
import { openDatabase, type Sql, untilDatabaseIsBack } from '../../lib/store/database.ts';
import { findProgram } from '../bench/services/programs.ts';
import { type PgBouncer, startPgBouncer } from '../test/pgbouncer.ts';
import { burnProcessors } from './burn.ts';
import { deleteQueues } from './by-hand.ts';
import type { Fault, Stage } from './fault.ts';
import { type Fleet, type Settings, startFleet } from './fleet.ts';
import { createLoad } from './load.ts';
import { untilNoneLeft } from './patience.ts';
import { untilAllWorkAgain, worksAgainWithinMs } from './recovery.ts';
import type { Services } from './services.ts';
import { type Smtp, startSmtp } from './smtp.ts';
import type { SmtpSettings } from './smtp-protocol.ts';
import { judge, type Row, type Verdict } from './verdict.ts';

export interface Result extends Verdict {
  fault: Fault;
  /** The longest of those measured. */
  recoveryMs: number | undefined;
}

/** Short times, so that a lease, a grace or a retry takes seconds here. */
const impatient: Settings = {
  LEASE_SECONDS: '3',
  PUBLISH_GRACE_SECONDS: '2',
  DISPATCH_INTERVAL_SECONDS: '0.2',
  RETRY_BASE_SECONDS: '0.5',
  RETRY_MAX_SECONDS: '3',
  // Never give up: here, a failed email would count as lost.
  GIVE_UP_AFTER_SECONDS: '3600',
  SMTP_TIMEOUT_SECONDS: '30',
  SMTP_BREAKER_SECONDS: '0.5',
  SMTP_BREAKER_MAX_SECONDS: '2',
};
const account = { user: 'relay-account', password: 'swordfish' };
const connections = 20;

/** Emails and pace of a fault that asks for nothing else, and of every fault in the short form. */
const fullSize = { emails: 1_500, perSecond: 200 };
const shortSize = { emails: 300, perSecond: 100 };

export async function runFault(
  fault: Fault,
  services: Services,
  full: boolean,
  say: (what: string) => void,
): Promise<Result> {
  const delivery = fault.delivery ?? 'at_least_once';
  const url = await services.createDatabase(`fault_${fault.name.replaceAll('-', '_')}`);
  await deleteQueues(services.rabbitMq.running.url);
  // Connected from here on, so that it has its connection when there are no more.
  const sql = openDatabase(url, { connections: 1, name: 'harness' });
  await sql`select 1`;
  const smtp = await startSmtp(smtpSettings(fault, services));
  const open: { fleet?: Fleet; close?: () => void; rest?: () => void; pooler?: PgBouncer } = {};
  try {
    if (fault.pooler) open.pooler = await startPooler(services, url);
    const fleet = await startFleet({
      bundles: services.bundles,
      logs: join(services.directory, 'logs', fault.name),
      settings: { ...impatient, ...surroundings(services, url, fault, smtp), ...throughPooler(open.pooler) },
      roles: services.roles,
      own: fault.own ?? {},
      copies: fault.copies ?? {},
    });
    open.fleet = fleet;
    const size = full ? fullSize : shortSize;
    const load = createLoad({
      urls: fleet.urls,
      emails: full ? (fault.emails ?? size.emails) : size.emails,
      perSecond: full ? (fault.perSecond ?? size.perSecond) : size.perSecond,
      connections,
      delivery,
      textLength: fault.textLength ?? 100,
      repeats: fault.repeats ?? false,
    });
    open.close = load.close;

    const complaints: string[] = [];
    let recoveryMs: number | undefined;
    const stage: Stage = {
      ...{ full, services, fleet, smtp, load, sql, say, databaseUrl: url },
      complain: (what) => complaints.push(what),
      async untilAllWork() {
        const { ms, never } = await untilAllWorkAgain(fleet, load, sql);
        const late = ms > worksAgainWithinMs ? ' (more than 10 s: look whether the machine had time)' : '';
        say(`all functions work again after ${seconds(ms)} s${late}`);
        recoveryMs = Math.max(recoveryMs ?? 0, ms);
        if (never.length > 0) complaints.push(`did not work again: ${never.join(', ')}`);
      },
    };
    if (fault.starved) open.rest = burnProcessors();
    const made = fault.make(stage);
    await Promise.all([made, load.run(made)]);
    const settledMs = await settle(sql);
    const answers = [...load.answers].map(([answer, times]) => `${answer} × ${times}`).join(', ');
    say(`settled ${seconds(settledMs)} s after the load${answers && `; other answers: ${answers}`}`);

    const verdict = judge({
      accepted: load.accepted,
      maybe: load.maybe,
      rows: await readRows(sql),
      smtp: await smtp.report(),
      kills: fleet.kills.filter(({ name }) => name === 'consume'),
      startedAt: load.startedAt,
      delivery,
      gap: fault.gap,
      bounces: fault.bounces ?? false,
    });
    await fleet.stop();
    return {
      ...verdict,
      fault,
      recoveryMs,
      complaints: [...verdict.complaints, ...complaints, ...load.broken, ...fleet.surprises],
    };
  } finally {
    open.rest?.();
    open.close?.();
    await open.fleet?.stop();
    await open.pooler?.stop();
    await smtp.stop();
    await sql.end();
  }
}

async function startPooler({ directory, roles }: Services, url: string): Promise<PgBouncer> {
  const program = await findProgram('pgbouncer', 'pgbouncer', console.log);
  if (program === undefined) throw new Error('there is no pgbouncer here');
  return startPgBouncer(program, join(directory, 'pgbouncer'), url, roles);
}

function throughPooler(pooler: PgBouncer | undefined) {
  return pooler ? { DATABASE_URL: pooler.url, DATABASE_POOLER: 'transaction' } : {};
}

function smtpSettings({ smtp }: Fault, { certificates }: Services): SmtpSettings {
  if (smtp === 'tls') return { tls: certificates };
  return smtp === 'account' ? { account } : {};
}

function surroundings(services: Services, databaseUrl: string, fault: Fault, smtp: Smtp) {
  const host = `127.0.0.1:${smtp.port}`;
  const smtpUrls = {
    plain: `smtp://${host}`,
    tls: `smtps://${host}`,
    account: `smtp://${account.user}:${account.password}@${host}?requireTLS=false`,
  };
  return {
    DATABASE_URL: databaseUrl,
    AMQP_URL: services.rabbitMq.running.url,
    SMTP_URL: smtpUrls[fault.smtp ?? 'plain'],
    NODE_EXTRA_CA_CERTS: services.certificates.trusted,
    SIGNING_KEYS_FILE: services.signingKeys,
    ISSUER: 'http://api.example.test',
  };
}

/** Waits until every email is at its end, as long as the number left falls. The verdict shows the rest. */
async function settle(sql: Sql): Promise<number> {
  const begun = performance.now();
  await untilNoneLeft(async () => {
    const [row] = await untilDatabaseIsBack(
      () => sql<{ open: number }[]>`select count(*)::integer as open from emails where finished_at is null`,
    );
    return row?.open ?? 0;
  });
  return performance.now() - begun;
}

function readRows(sql: Sql): Promise<Row[]> {
  return untilDatabaseIsBack(
    () => sql<Row[]>`
      select id, subject as marker, status, attempts, last_reply,
             (select count(distinct detail->>'attempt')::int from email_events
              where email_id = emails.id and type = 'attempt') as recorded
      from emails`,
  );
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
