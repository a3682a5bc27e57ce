import { describe, expect, it } from 'vitest';
import { continueTrace, traceIdOf } from './trace.ts';

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';

describe('continueTrace', () => {
  it('stays in the trace of the caller, as a step of its own', () => {
    const ours = continueTrace(`00-${trace}-00f067aa0ba902b7-01`);
    expect(ours).toMatch(new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`));
    expect(ours).not.toContain('00f067aa0ba902b7');
    expect(traceIdOf(ours)).toBe(trace);
  });

  it.each([
    undefined,
    null,
    '',
    'nonsense',
    `ff-${trace}-00f067aa0ba902b7-01`,
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
  ])('begins a new trace for %j', (header) => {
    const ours = continueTrace(header);
    expect(ours).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect(ours).not.toContain(trace);
  });
});
