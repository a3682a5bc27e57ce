// What PostgreSQL keeps of a password (SCRAM-SHA-256, RFC 5803).
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

/** PostgreSQL's own. A random password needs no more. */
const iterations = 4096;

/**
 * Sent in place of the password, so that no log of statements holds it. `password` is ASCII, which its preparation (RFC 4013) leaves
 * as it is.
 */
export function scramVerifier(password: string, salt = randomBytes(16)): string {
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
  const keyOf = (name: string) => createHmac('sha256', salted).update(name).digest();
  const stored = createHash('sha256').update(keyOf('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${stored}:${keyOf('Server Key').toString('base64')}`;
}
