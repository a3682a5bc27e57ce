// Several of each at work on the same rows, and functions whose clocks do not agree.
import type { Fault } from './fault.ts';

/** Runs before a function's own code and moves the clock that JavaScript sees; intervals and timers are as they were. */
function clockOffBy(minutes: number) {
  const script = `
    const offset = ${minutes * 60_000};
    const now = Date.now.bind(Date);
    Date.now = () => now() + offset;
    globalThis.Date = new Proxy(Date, {
      construct: (date, args, target) => Reflect.construct(date, args.length > 0 ? args : [now() + offset], target),
      apply: () => new globalThis.Date().toString(),
    });`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` };
}

export const crowdFaults: readonly Fault[] = [
  {
    name: 'two-dispatchers-ten-workers',
    says: 'two of dispatch and ten workers on the same rows',
    copies: { dispatch: 2, consume: 10 },
    own: {
      // Rows are due before their worker had a chance, so that dispatchers and workers meet on each.
      send: { PUBLISH_GRACE_SECONDS: '0.1' },
      dispatch: { PUBLISH_GRACE_SECONDS: '0.1', DISPATCH_INTERVAL_SECONDS: '0.05' },
      consume: { SMTP_CONNECTIONS: '3' },
    },
    make: async () => {},
  },
  {
    name: 'clocks-ahead',
    says: 'clock of token 5 minutes ahead, consume 5 behind',
    own: { token: clockOffBy(5), consume: clockOffBy(-5) },
    make: async () => {},
  },
  {
    name: 'clocks-behind',
    says: 'clock of token 5 minutes behind, send and dispatch 5 ahead',
    own: { token: clockOffBy(-5), send: clockOffBy(5), dispatch: clockOffBy(5) },
    make: async () => {},
  },
];
