// The SMTP server's process as the harness holds it: started, told how to behave, asked what came in.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Answer, Behaviour, Order, SmtpReport, SmtpSettings } from './smtp-protocol.ts';

export interface Smtp {
  port: number;
  /** From its fulfilment on, the server behaves so. */
  behave(behaviour: Behaviour): Promise<void>;
  report(): Promise<SmtpReport>;
  stop(): Promise<void>;
}

type Unnumbered<T> = T extends unknown ? Omit<T, 'seq'> : never;

export async function startSmtp(settings: SmtpSettings): Promise<Smtp> {
  const child = fork(fileURLToPath(new URL('./smtp-process.ts', import.meta.url)), { stdio: 'inherit' });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  let seq = 0;

  child.on('message', (answer: Answer) => {
    const asked = waiting.get(answer.seq);
    waiting.delete(answer.seq);
    if (answer.error !== undefined) asked?.reject(new Error(`The SMTP server: ${answer.error}`));
    else asked?.resolve(answer);
  });
  child.on('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error('The SMTP server ended'));
  });
  const ask = (order: Unnumbered<Order>) =>
    new Promise<Answer>((resolve, reject) => {
      seq += 1;
      waiting.set(seq, { resolve, reject });
      child.send({ seq, ...order });
    });

  const { port = 0 } = await ask({ do: 'start', settings });
  return {
    port,
    behave: async (behaviour) => void (await ask({ do: 'behave', behaviour })),
    report: async () => (await ask({ do: 'report' })).report ?? { deliveries: [], refused: [] },
    async stop() {
      child.disconnect();
      await exited;
    },
  };
}
