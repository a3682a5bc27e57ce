// A process: signs access tokens with RS256 and does nothing else. Says how many a second, and ends.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';

const durationMs = Number(process.env.DURATION_MS);
/** As many at once as the other measures have connections: enough to fill the thread pool. */
const atOnce = 64;
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const startedAt = performance.now();
let signed = 0;

async function signOnAndOn(): Promise<void> {
  while (performance.now() - startedAt < durationMs) {
    await new SignJWT({ client_id: 'bench', scope: 'basic email', scopes: ['basic', 'email'] })
      .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt' })
      .setIssuer('http://bench.example.test')
      .setAudience('http://bench.example.test')
      .setSubject('bench')
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(privateKey);
    signed += 1;
  }
}

await Promise.all(Array.from({ length: atOnce }, signOnAndOn));
process.stdout.write(`rate ${signed / ((performance.now() - startedAt) / 1000)}\n`);
