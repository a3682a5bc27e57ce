// Handles SIGTERM and SIGINT: finishes work under way, closes connections, and ends the process with status 0.
import type { Log } from './log.ts';

/** Less than the 30 s after which Docker (as set in compose) and Kubernetes kill the process. */
const deadlineMs = 25_000;

/**
 * Runs `drain` once on the first SIGTERM or SIGINT and exits 0; exits 1 when it fails, takes too long, or a second signal comes.
 * Removes the framework's own listener, which would exit at once and lose work under way.
 */
export function onShutdown(log: Log, drain: () => Promise<void>): void {
  let begun = false;
  const shutDown = (signal: NodeJS.Signals) => {
    if (begun) {
      log.warn('second signal: leaving at once', { signal });
      process.exit(1);
    }
    begun = true;
    log.info('shutting down', { signal });
    setTimeout(() => {
      log.error('shutdown took too long', { deadlineMs });
      process.exit(1);
    }, deadlineMs).unref();
    drain().then(
      () => process.exit(0),
      (error) => {
        log.error('shutdown failed', { error });
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.removeAllListeners(signal);
    process.on(signal, shutDown);
  }
}
