// A process: the peer's worker. BullMQ hands a job to nodemailer's pool; nobody keeps a status.
import { Worker } from 'bullmq';
import { createTransport } from 'nodemailer';
import type { email } from '../sample.ts';
import { smtpConnections } from '../sample.ts';

const { hostname: host, port } = new URL(process.env.SMTP_URL ?? '');
const transport = createTransport({ pool: true, host, port: Number(port), maxConnections: smtpConnections });
const toAddress = (mailbox: { email: string; name: string }) => ({ address: mailbox.email, name: mailbox.name });

const worker = new Worker<typeof email & { id: string }>(
  'emails',
  async ({ data: { id, from, to, ...content } }) => {
    await transport.sendMail({
      ...content,
      from: toAddress(from),
      to: to.map(toAddress),
      messageId: `<${id}@example.com>`,
    });
  },
  {
    connection: { host: '127.0.0.1', port: Number(process.env.REDIS_PORT) },
    concurrency: smtpConnections * 2,
  },
);
worker.on('error', (error) => process.stderr.write(`${error.message}\n`));
