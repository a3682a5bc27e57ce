// The operator's command: migrations, clients, signing keys, DKIM keys, emails and dead letters. `npm run admin`, or `node index.mjs` where only the bundle is.
import { runFromEnvironment } from './from-environment.ts';

await runFromEnvironment();
