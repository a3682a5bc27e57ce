// Attacks by mail: emails that are accepted, and are much to deliver.
import type { Attack } from './attack.ts';
import { dueAtOnce } from './due-at-once.ts';
import { flood } from './requests.ts';

const good = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello' };
/** 9.8 MB on the wire. */
const attachments = () => [{ filename: 'a.bin', content: Buffer.alloc(7_200_000, 1).toString('base64') }];
const html = () => `<p>${'large '.repeat(1_633_000)}</p>`;
const many = Array.from({ length: 50 }, (_, n) => `r${n}@example.com`);

/** What is due is delivered by a small worker, and a small email does not wait for it. */
const bySmallWorker = { polite: 'delivery', ends: true, megabytes: { consume: 256 }, mostP99Ms: 2_000 } as const;

export const deliveryAttacks: Attack[] = [
  {
    name: 'large-mail',
    says: 'emails of 9.8 MB, 4 at once',
    mostP99Ms: 1_000,
    make(ground) {
      const body = JSON.stringify({ ...good, text: 'Hi', attachments: attachments() });
      return flood(ground, 4, () => ({ url: `${ground.urls.send}/send`, body }));
    },
  },
  {
    name: 'large-due',
    says: '500 emails of 9.8 MB due at once (short form: 20)',
    short: true,
    ...bySmallWorker,
    ...dueAtOnce({ full: 500, short: 20 }, () => ({ ...good, text: 'Hi', attachments: attachments() })),
  },
  {
    name: 'large-html-due',
    says: '60 emails of 9.8 MB of HTML to 50 recipients due at once',
    ...bySmallWorker,
    ...dueAtOnce({ full: 60, short: 6 }, () => ({ ...good, to: many, html: html() })),
  },
  {
    name: 'large-due-slow-relay',
    says: '60 emails of 0.1 to 9.8 MB due at once, each a second at the relay',
    ...bySmallWorker,
    mostP99Ms: 3_000,
    relay: { slowMs: 1_000 },
    ...dueAtOnce({ full: 60, short: 6 }, (index) => {
      const content = Buffer.alloc([7_200_000, 70_000, 1_000_000][index % 3] ?? 0, 1).toString('base64');
      return { ...good, text: 'Hi', attachments: [{ filename: 'a.bin', content }] };
    }),
  },
  {
    name: 'backlog',
    says: 'batches of 100 emails, 4 at once',
    mostP99Ms: 1_000,
    make(ground) {
      const body = JSON.stringify(Array.from({ length: 100 }, () => ({ ...good, text: 'Hi' })));
      return flood(ground, 4, () => ({ url: `${ground.urls.send}/send/batch`, body }));
    },
  },
];
