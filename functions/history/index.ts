// The history function: says what became of every email. Wiring only.
import { createAccessCheck } from '../../lib/auth/access.ts';
import { hostFunction } from '../../lib/http/host.ts';
import { createLog } from '../../lib/process/log.ts';
import { createMetrics } from '../../lib/process/metrics.ts';
import { readSettings } from '../../lib/process/settings.ts';
import { checkDatabase, openDatabase } from '../../lib/store/database.ts';
import { historyRoutes } from './routes.ts';
import { HistorySettings } from './settings.ts';

const settings = readSettings(HistorySettings, process.env);
const metrics = createMetrics('history');
const log = createLog('history', settings.LOG_LEVEL);
const sql = openDatabase(settings.DATABASE_URL, {
  connections: settings.DATABASE_CONNECTIONS,
  name: 'history',
  pooler: settings.DATABASE_POOLER,
  log,
  metrics,
});

const hosted = hostFunction({
  name: 'history',
  log,
  metrics,
  maxBodyBytes: 0,
  routes: historyRoutes,
  dependencies: { sql },
  authenticate: createAccessCheck({
    issuer: settings.ISSUER,
    audience: settings.TOKEN_AUDIENCE ?? settings.ISSUER,
    jwksUrl: settings.JWKS_URL,
    sql,
    metrics,
  }),
  ready: { database: () => checkDatabase(sql) },
  close: () => sql.end(),
});

export const history = hosted.handler;
hosted.listenIfMain(import.meta.url, settings);
