// The intake function: takes what comes back, by SMTP and over HTTP. Wiring only.
import { createAccessCheck } from '../../lib/auth/access.ts';
import { hostFunction } from '../../lib/http/host.ts';
import { returnPathsOf } from '../../lib/mail/return-path.ts';
import { createBatcher } from '../../lib/process/batch.ts';
import { createLog } from '../../lib/process/log.ts';
import { batchMetric, createMetrics } from '../../lib/process/metrics.ts';
import { readSettings } from '../../lib/process/settings.ts';
import { checkDatabase, isDatabaseUnavailable, openDatabase } from '../../lib/store/database.ts';
import { type GivenReport, takeReports } from '../../lib/store/emails/reports.ts';
import { createIntakeMetrics } from './metrics.ts';
import { createRecorder } from './record-evidence.ts';
import { intakeRoutes } from './routes.ts';
import { IntakeSettings } from './settings.ts';
import { createListener } from './smtp-listener.ts';
import { createTakeMessage } from './take-message.ts';

const settings = readSettings(IntakeSettings, process.env);
const registry = createMetrics('intake');
const batches = batchMetric(registry);
const log = createLog('intake', settings.LOG_LEVEL);
const sql = openDatabase(settings.DATABASE_URL, {
  connections: settings.DATABASE_CONNECTIONS,
  name: 'intake',
  pooler: settings.DATABASE_POOLER,
  log,
  metrics: registry,
});

const returnPaths = returnPathsOf(settings);
const metrics = createIntakeMetrics(registry, () => listener?.connections() ?? 0);
const writeGroup = createBatcher(
  async (groups: GivenReport[][]) => {
    const outcomes = await takeReports(sql, groups.flat());
    return groups.map((group) => outcomes.splice(0, group.length));
  },
  {
    maxItems: 100,
    weight: { of: (group) => group.length, max: 1_000 },
    failsAll: isDatabaseUnavailable,
    onGroup: (items) => batches.observe({ batch: 'report' }, items),
  },
);
const record = createRecorder({ returnPaths, write: writeGroup, metrics });
const take = createTakeMessage({ record, metrics, returnPaths });
const listener = createListener({ settings, returnPaths, take, metrics, log });

const hosted = hostFunction({
  name: 'intake',
  log,
  metrics: registry,
  maxBodyBytes: settings.INTAKE_MESSAGE_BYTES,
  routes: intakeRoutes,
  dependencies: { take, mostBytes: settings.MAX_REPORT_BYTES },
  authenticate: createAccessCheck({
    issuer: settings.ISSUER,
    audience: settings.TOKEN_AUDIENCE ?? settings.ISSUER,
    jwksUrl: settings.JWKS_URL,
    sql,
    metrics: registry,
  }),
  ready: { database: () => checkDatabase(sql), ...(listener && { smtp: listener.check }) },
  start: () => listener?.start(),
  close: async () => {
    await listener?.stop();
    await sql.end();
  },
});

export const intake = hosted.handler;
hosted.listenIfMain(import.meta.url, settings);
