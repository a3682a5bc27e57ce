// The manage function: a client's templates, suppressions, webhooks and API keys. Wiring only.
import { createAccessCheck } from '../../lib/auth/access.ts';
import { hostFunction } from '../../lib/http/host.ts';
import { createWork } from '../../lib/http/work.ts';
import { createLog } from '../../lib/process/log.ts';
import { createMetrics } from '../../lib/process/metrics.ts';
import { readSettings } from '../../lib/process/settings.ts';
import { checkDatabase, openDatabase } from '../../lib/store/database.ts';
import { manageRoutes } from './routes.ts';
import { ManageSettings } from './settings.ts';

const settings = readSettings(ManageSettings, process.env);
const metrics = createMetrics('manage');
const log = createLog('manage', settings.LOG_LEVEL);
const sql = openDatabase(settings.DATABASE_URL, {
  connections: settings.DATABASE_CONNECTIONS,
  name: 'manage',
  pooler: settings.DATABASE_POOLER,
  log,
  metrics,
});

const work = createWork({ program: new URL('./thread.mjs', import.meta.url) });

/** A template is the largest thing it takes. */
const maxBodyBytes = 1_000_000;

const hosted = hostFunction({
  name: 'manage',
  log,
  metrics,
  maxBodyBytes,
  routes: manageRoutes,
  dependencies: {
    sql,
    work,
    allowedAddresses: settings.WEBHOOK_ALLOWED_ADDRESSES,
    most: {
      suppressions: settings.SUPPRESSIONS_PER_CLIENT,
      templateBytes: settings.TEMPLATE_BYTES_PER_CLIENT,
      webhooks: settings.WEBHOOKS_PER_CLIENT,
    },
    keyPrefix: settings.API_KEY_PREFIX,
    log,
  },
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

export const manage = hosted.handler;
hosted.listenIfMain(import.meta.url, settings);
