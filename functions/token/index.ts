// The token function: gives clients access tokens, says what became of them, and ends them.
import { openDatabase } from '../../lib/db.ts';
import { readSettings } from '../../lib/env.ts';
import { hostFunction } from '../../lib/host.ts';
import { createLog } from '../../lib/log.ts';
import { apiErrorReply } from './oauth-error.ts';
import { tokenRoutes } from './routes.ts';
import { TokenSettings } from './settings.ts';

const settings = readSettings(TokenSettings, process.env);
const log = createLog('token', settings.LOG_LEVEL);
const sql = openDatabase(settings.DATABASE_URL, { connections: settings.DATABASE_CONNECTIONS, name: 'token' });

const fn = hostFunction({
  name: 'token',
  log,
  routes: tokenRoutes({
    sql,
    log,
    keys: settings.SIGNING_KEYS,
    issuer: settings.ISSUER,
    audience: settings.TOKEN_AUDIENCE ?? settings.ISSUER,
    lifetimeSeconds: settings.TOKEN_LIFETIME_SECONDS,
  }),
  // A token is under 2 kB; nothing else here is longer.
  maxBodyBytes: 16_384,
  ready: { database: () => sql`select 1` },
  close: () => sql.end({ timeout: 5 }),
  errorReply: apiErrorReply,
});

export const token = fn.handler;
fn.listenIfMain(import.meta.url, settings);
