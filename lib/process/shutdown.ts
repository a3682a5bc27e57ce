// Owns SIGTERM and SIGINT: work under way is finished, clients are closed, and the process ends with status 0.
import type { Log } from './log.ts';

/** Less than the 30 s after which Docker (as compose sets it) and Kubernetes kill. */
const deadlineMs = 25_000;

/**
 * Runs `drain` once on the first SIGTERM or SIGINT and exits 0; exits 1 when that fails, takes too long, or a second signal comes.
 * The framework's own listener exits at once and would lose work under way, so it is dropped.
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
