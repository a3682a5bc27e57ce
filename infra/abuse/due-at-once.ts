// Many emails that are accepted for later, and then are all due at once; it ends when none of them waits any more.
import { setTimeout as pause } from 'node:timers/promises';
import type { Attack, Ground } from './attack.ts';
import { ask, json } from './requests.ts';

const acceptedAtOnce = 4;
/** Statuses of an email that is not at its end. */
const waiting = ['scheduled', 'queued', 'sending', 'deferred'];
const tag = 'large-due';

export function dueAtOnce(
  count: { full: number; short: number },
  email: (index: number) => object,
): Pick<Attack, 'prepare' | 'make'> {
  return {
    async prepare(ground) {
      const all = ground.full ? count.full : count.short;
      const ids: string[] = [];
      let next = 0;
      const accept = async () => {
        while (next < all) {
          const later = { scheduled_at: new Date(Date.now() + 86_400_000), tags: [{ name: tag, value: '' }] };
          const body = JSON.stringify({ ...email(next++), ...later });
          const { status, text } = await ask(
            `${ground.urls.send}/send`,
            { method: 'POST', headers: json(ground) },
            body,
          );
          if (status !== 202) throw new Error(`not accepted: ${status} ${text}`);
          ids.push(JSON.parse(text).id);
        }
      };
      await Promise.all(Array.from({ length: acceptedAtOnce }, accept));
      return JSON.stringify(ids);
    },
    async make(ground, prepared) {
      const body = JSON.stringify({ scheduled_at: new Date(0) });
      for (const id of JSON.parse(prepared) as string[])
        await ask(`${ground.urls.send}/emails/${id}`, { method: 'PATCH', headers: json(ground) }, body);
      while ((await Promise.all(waiting.map((status) => has(ground, status)))).some(Boolean)) await pause(500);
      for (const status of ['sent', 'failed', 'bounced', 'unknown', 'expired'])
        if (await has(ground, status)) ground.note(status);
    },
  };
}

async function has(ground: Ground, status: string): Promise<boolean> {
  const { text } = await ask(`${ground.urls.history}/emails?tag=${tag}&status=${status}&limit=1`, {
    headers: json(ground),
  });
  return JSON.parse(text).data.length > 0;
}
