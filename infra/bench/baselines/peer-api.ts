// A process: the peer's API, as a Node developer would put it together. Fastify checks the body, BullMQ keeps the job in Redis, then 202. No token is asked for, which favours it.
import { randomUUID } from 'node:crypto';
import { Queue } from 'bullmq';
import fastify from 'fastify';
import type { email } from '../sample.ts';

type Email = typeof email;

const queue = new Queue('emails', {
  connection: { host: '127.0.0.1', port: Number(process.env.REDIS_PORT) },
  defaultJobOptions: { removeOnComplete: true, attempts: 3 },
});
const mailbox = {
  type: 'object',
  required: ['email'],
  properties: { email: { type: 'string' }, name: { type: 'string' } },
};
const emailSchema = {
  type: 'object',
  required: ['from', 'to', 'subject'],
  properties: {
    from: mailbox,
    to: { type: 'array', minItems: 1, items: mailbox },
    subject: { type: 'string', maxLength: 998 },
    text: { type: 'string' },
    html: { type: 'string' },
  },
};
const api = fastify({ bodyLimit: 10_000_000 });
const toJob = (body: Email) => ({ name: 'send', data: { id: randomUUID(), ...body } });

api.post<{ Body: Email }>('/send', { schema: { body: emailSchema } }, async ({ body }, reply) => {
  const { name, data } = toJob(body);
  await queue.add(name, data);
  return reply.status(202).send({ id: data.id, status: 'queued' });
});
const batchSchema = { type: 'array', maxItems: 100, items: emailSchema };
api.post<{ Body: Email[] }>('/send/batch', { schema: { body: batchSchema } }, async ({ body }, reply) => {
  const jobs = body.map(toJob);
  await queue.addBulk(jobs);
  return reply.status(202).send({ data: jobs.map(({ data }) => ({ id: data.id })) });
});

await queue.waitUntilReady();
await api.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
