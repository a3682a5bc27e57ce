// POST /send with an API key beside the same with an access token: what a key costs an email.
import { v7 as uuidv7 } from 'uuid';
import { makeApiKey } from '../../../lib/auth/api-key.ts';
import { insertApiKey } from '../../../lib/store/api-keys/api-keys.ts';
import { alternate, type Values } from '../alternate.ts';
import { type Row, valuesOf } from '../row.ts';
import { client, email } from '../sample.ts';
import type { MeasuredApi } from '../services/measured-api.ts';
import { acceptingRun } from './http-run.ts';
import type { Measure } from './measure.ts';

const body = JSON.stringify(email);

export const apiKeyMeasure: Measure = {
  name: 'api-key',
  about: 'POST /send at 64 connections with an API key, against the same with an access token',
  async run(ground, scale) {
    const apiKey = await makeKey(ground);
    const send = await ground.startFunction('send');
    const runWith = async (accessToken: string): Promise<Values> => {
      const { values, cost } = await acceptingRun({ ...ground, accessToken }, send, scale, {
        path: '/send',
        body,
        status: 202,
      });
      const { send: ours = 0, PostgreSQL: database = 0 } = cost.cpuMicroseconds;
      return { ...values, cpu: ours + database };
    };
    try {
      // What is run first would pay for the start.
      await runWith(ground.accessToken);
      const { key, token } = await alternate(scale.rounds, {
        key: () => runWith(apiKey),
        token: () => runWith(ground.accessToken),
      });
      const row = (measure: string, unit: string, name: string, goal: NonNullable<Row['goal']>): Row => ({
        measure,
        unit,
        ours: valuesOf(key, name),
        baseline: { name: 'access token', values: valuesOf(token, name) },
        goal,
      });
      return [
        row('POST /send with an API key', '/s', 'rate', { of: 'ratio', atLeast: 0.97 }),
        row('POST /send with an API key, CPU of send and PostgreSQL an email', 'µs', 'cpu', {
          of: 'ratio',
          atMost: 1.03,
        }),
      ];
    } finally {
      await send.stop();
    }
  },
};

async function makeKey({ sql }: MeasuredApi): Promise<string> {
  const { key, start, hash } = makeApiKey();
  const about = { id: uuidv7(), client_id: client.id, name: 'bench', start, hash, made_with: null };
  await insertApiKey(sql, { ...about, scopes: ['basic', 'email'], allowed_senders: null, expires_at: null });
  return key;
}
