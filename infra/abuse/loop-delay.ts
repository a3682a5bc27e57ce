// How long the event loop of a function was held up, as its own metrics tell.

/** Milliseconds at p99 since the last time this was asked; what is measured has a grain of 10 ms. Undefined where it does not answer. */
export async function loopDelayMs(url: string): Promise<number | undefined> {
  const text = await fetch(`${url}/metrics`).then(
    (response) => response.text(),
    () => '',
  );
  const [, seconds] = /^nodejs_eventloop_lag_p99_seconds(?:\{[^}]*\})? (\S+)$/m.exec(text) ?? [];
  return seconds === undefined ? undefined : Math.max(0, Number(seconds) * 1_000 - grainMs);
}

/** Of prom-client's histogram: an event loop that is never held up shows so much. */
const grainMs = 10;
