// Attacks by mail: emails that are accepted, and are much to deliver.
import type { Attack } from './attack.ts';
import { flood } from './requests.ts';

const good = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello' };

export const deliveryAttacks: Attack[] = [
  {
    name: 'large-mail',
    says: 'emails of 9.8 MB, 4 at once',
    mostP99Ms: 1_000,
    make(ground) {
      const content = Buffer.alloc(7_200_000, 1).toString('base64');
      const body = JSON.stringify({ ...good, text: 'Hi', attachments: [{ filename: 'a.bin', content }] });
      return flood(ground, 4, () => ({ url: `${ground.urls.send}/send`, body }));
    },
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
