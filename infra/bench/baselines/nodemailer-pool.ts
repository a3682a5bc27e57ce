// A process: nodemailer's pool in a bare loop. Sends COUNT emails, with ATTACHED bytes attached where said, and ends.
import { createTransport } from 'nodemailer';
import { attachedBytes, attachedName, nodemailerEmail, smtpConnections } from '../sample.ts';

const { hostname: host, port } = new URL(process.env.SMTP_URL ?? '');
const transport = createTransport({ pool: true, host, port: Number(port), maxConnections: smtpConnections });
const attached = Number(process.env.ATTACHED ?? 0);
const message =
  attached === 0
    ? nodemailerEmail
    : { ...nodemailerEmail, attachments: [{ filename: attachedName, content: attachedBytes(attached) }] };
let left = Number(process.env.COUNT);

async function sendOnAndOn(): Promise<void> {
  while (left > 0) {
    left -= 1;
    await transport.sendMail(message);
  }
}

// Twice as many at once as connections, so that none waits for the loop.
await Promise.all(Array.from({ length: smtpConnections * 2 }, sendOnAndOn));
transport.close();
