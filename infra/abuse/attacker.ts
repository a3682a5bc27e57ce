// The attacker's process: it gets its attack and ground as its argument, and tells what it was answered.
import type { Ground } from './attack.ts';
import { attacks } from './attacks.ts';

interface Asked {
  name: string;
  ground: Omit<Ground, 'note'>;
}

const { name, ground }: Asked = JSON.parse(process.argv[2] ?? '{}');
const attack = attacks.find((one) => one.name === name);
if (!attack) throw new Error(`There is no attack ${name}`);
const answers = new Map<string, number>();
const whole: Ground = { ...ground, note: (what) => answers.set(what, (answers.get(what) ?? 0) + 1) };
const prepared = (await attack.prepare?.(whole)) ?? '';
process.send?.({ ready: true });
process.on('message', () => {
  process.send?.({ answers: [...answers] }, () => process.exit());
});
await attack.make(whole, prepared);
process.send?.({ ended: true });
