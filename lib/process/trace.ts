// W3C Trace Context: one trace from the HTTP request through the queue to the attempt.
import { randomUUID } from 'node:crypto';

/** Version, trace id, parent id, flags; all zeros are invalid. */
const traceparentForm = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})$/;

/** A `traceparent` for our own step: in the caller's trace, or in a new one if the caller's header is invalid (as the standard asks). */
export function continueTrace(traceparent: string | string[] | null | undefined): string {
  const [, traceId, flags] = traceparentForm.exec(String(traceparent ?? '')) ?? [];
  return `00-${traceId ?? randomHex()}-${randomHex().slice(-16)}-${flags ?? '00'}`;
}

/** 32 digits, never all zeros. A UUID is cheap because Node caches random bytes; a system call each time costs far more. */
function randomHex(): string {
  return randomUUID().replaceAll('-', '');
}

/** The trace id in a `traceparent`, for log lines and events. */
export function traceIdOf(traceparent: string | null): string | undefined {
  return traceparent?.split('-')[1];
}
