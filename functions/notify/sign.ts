// The headers that tell an endpoint that a delivery is ours (Standard Webhooks 1.0.0, symmetric scheme).
import { createHmac } from 'node:crypto';

/** One `v1` signature for each secret, so that an endpoint that knows any of them can verify. `at` is the time of the attempt. */
export function signatureHeaders(id: string, at: Date, body: string, secrets: readonly string[]) {
  const timestamp = Math.floor(at.getTime() / 1000);
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  });
  const values = { id, timestamp: String(timestamp), signature: signatures.join(' ') };
  // The second name is that of Svix, by which verifiers of Resend's webhooks look for the same.
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => [
      [`webhook-${name}`, value],
      [`svix-${name}`, value],
    ]),
  );
}
