// The token function: gives clients access tokens, says what became of them, and ends them. Wiring only.

import { hostFunction } from '../../lib/http/host.ts';
import { createLog } from '../../lib/process/log.ts';
import { createMetrics } from '../../lib/process/metrics.ts';
import { readSettings } from '../../lib/process/settings.ts';
import { checkDatabase, openDatabase } from '../../lib/store/database.ts';
import { createErrorReply } from './oauth-error.ts';
import { createTokenDependencies, tokenRoutes } from './routes.ts';
import { TokenSettings } from './settings.ts';

const settings = readSettings(TokenSettings, process.env);
const metrics = createMetrics('token');
const log = createLog('token', settings.LOG_LEVEL);
const sql = openDatabase(settings.DATABASE_URL, {
  connections: settings.DATABASE_CONNECTIONS,
  name: 'token',
  pooler: settings.DATABASE_POOLER,
  log,
  metrics,
});

const hosted = hostFunction({
  name: 'token',
  log,
  metrics,
  routes: tokenRoutes,
  dependencies: createTokenDependencies({
    sql,
    log,
    metrics,
    keys: settings.SIGNING_KEYS,
    issuer: settings.ISSUER,
    audience: settings.TOKEN_AUDIENCE ?? settings.ISSUER,
    lifetimeSeconds: settings.TOKEN_LIFETIME_SECONDS,
  }),
  // A token is under 2 kB; nothing else here is longer.
  maxBodyBytes: 16_384,
  trustedProxies: settings.TRUSTED_PROXIES,
  ready: { database: () => checkDatabase(sql) },
  close: () => sql.end(),
  errorReply: createErrorReply(log),
});

export const token = hosted.handler;
hosted.listenIfMain(import.meta.url, settings);
