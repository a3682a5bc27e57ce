// Attacks by work: requests that cost their reader much more than their writer.
import type { Attack } from './attack.ts';
import { ask, flood, json } from './requests.ts';

const good = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello', text: 'Hi' };
const times = (n: number, body: string) => `{% for i in (1..${n}) %}${body}{% endfor %}`;

export const workAttacks: Attack[] = [
  {
    name: 'spaces',
    says: 'senders of 4,000 spaces, 8 at once',
    short: true,
    make(ground) {
      const body = JSON.stringify({ ...good, from: `a${' '.repeat(4_000)}b` });
      return flood(ground, 8, () => ({ url: `${ground.urls.send}/send`, body }));
    },
  },
  {
    name: 'unknown-fields',
    says: '700,000 unknown fields, 4 at once',
    short: true,
    make(ground) {
      const body = `{${Array.from({ length: 700_000 }, (_, n) => `"f${n}":0`).join()}}`;
      return flood(ground, 4, () => ({ url: `${ground.urls.send}/send`, body }));
    },
  },
  {
    name: 'slow-templates',
    says: '6 batches of slow templates at once',
    short: true,
    async prepare(ground) {
      const template = JSON.stringify({ subject: 's', html: times(9_000, times(9_000, '')) });
      await ask(`${ground.urls.manage}/templates/slow`, { method: 'PUT', headers: json(ground) }, template);
      return 'slow';
    },
    make(ground, template) {
      const { from, to } = good;
      const body = JSON.stringify(Array.from({ length: 100 }, () => ({ from, to, template })));
      return flood(ground, 6, () => ({ url: `${ground.urls.send}/send/batch`, body }));
    },
  },
  {
    name: 'large-templates',
    says: 'templates of 200 kB stored, 4 at once',
    make(ground) {
      const html = '{{ a }}'.repeat(1_900).padEnd(190_000, 'x');
      return flood(ground, 4, () => ({
        url: `${ground.urls.manage}/templates/large`,
        method: 'PUT',
        body: JSON.stringify({ subject: String(Math.random()), html }),
      }));
    },
  },
  {
    name: 'previews',
    says: 'previews of 9.9 MB, 4 at once',
    make(ground) {
      const body = JSON.stringify({ ...good, text: 'two words\n'.repeat(890_000) });
      return flood(ground, 4, () => ({ url: `${ground.urls.send}/emails/preview`, body }));
    },
  },
  {
    name: 'refused-with-key',
    says: '9.9 MB that are refused, with a key, 4 at once',
    make(ground) {
      const body = JSON.stringify({ ...good, to: 'nobody', text: 'x'.repeat(9_800_000) });
      const headers = json(ground, { 'idempotency-key': 'k' });
      return flood(ground, 4, () => ({ url: `${ground.urls.send}/send`, headers, body }));
    },
  },
  {
    name: 'authorize',
    says: 'tokens asked for under many client ids, 50 at once',
    polite: 'authorize',
    mostP99Ms: 1_000,
    make: (ground) =>
      flood(ground, 50, () => ({
        url: `${ground.urls.token}/authorize`,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          grant_type: 'client_credentials',
          client_id: `c${Math.random()}`,
          client_secret: 'x'.repeat(40),
        }),
      })),
  },
  {
    name: 'changes',
    says: 'one email changed over and over, 20 at once',
    async prepare(ground) {
      const email = { ...good, scheduled_at: new Date(Date.now() + 86_400_000) };
      const { text } = await ask(
        `${ground.urls.send}/send`,
        { method: 'POST', headers: json(ground) },
        JSON.stringify(email),
      );
      return JSON.parse(text).id;
    },
    make: (ground, id) =>
      flood(ground, 20, () => ({
        url: `${ground.urls.send}/emails/${id}`,
        method: 'PATCH',
        body: JSON.stringify({ scheduled_at: new Date(Date.now() + 86_400_000 + Math.random() * 1e6) }),
      })),
  },
];
