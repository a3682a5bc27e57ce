// The console function: what people read. Wiring only.
import { hostFunction } from '../../lib/http/host.ts';
import { createLog } from '../../lib/process/log.ts';
import { createMetrics } from '../../lib/process/metrics.ts';
import { readSettings } from '../../lib/process/settings.ts';
import { consoleRoutes } from './routes.ts';
import { ConsoleSettings } from './settings.ts';
import { openSite } from './site.ts';

const settings = readSettings(ConsoleSettings, process.env);
const log = createLog('console', settings.LOG_LEVEL);
const site = openSite(new URL('site/', import.meta.url));

const hosted = hostFunction({
  name: 'console',
  log,
  metrics: createMetrics('console'),
  maxBodyBytes: 0,
  routes: consoleRoutes,
  dependencies: { site },
  ready: {},
  close: async () => {},
});

// `console` is a name of JavaScript's own, so only the export has it.
export { handler as console };

const { handler } = hosted;
hosted.listenIfMain(import.meta.url, settings);
