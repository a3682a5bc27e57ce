// A process: nodemailer's pool in a bare loop. Sends COUNT emails and ends.
import { createTransport } from 'nodemailer';
import { nodemailerEmail, smtpConnections } from '../sample.ts';

const { hostname: host, port } = new URL(process.env.SMTP_URL ?? '');
const transport = createTransport({ pool: true, host, port: Number(port), maxConnections: smtpConnections });
let left = Number(process.env.COUNT);

async function sendOnAndOn(): Promise<void> {
  while (left > 0) {
    left -= 1;
    await transport.sendMail(nodemailerEmail);
  }
}

// Twice as many at once as connections, so that none waits for the loop.
await Promise.all(Array.from({ length: smtpConnections * 2 }, sendOnAndOn));
transport.close();
