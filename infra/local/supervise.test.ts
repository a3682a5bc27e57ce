import { expect, test } from 'vitest';
import { type Part, supervise } from './supervise.ts';

function fakeParts() {
  const running: ((how: string) => void)[] = [];
  const start = async (): Promise<Part> => {
    let end = (_how: string) => {};
    const exited = new Promise<string>((resolve) => {
      end = resolve;
    });
    running.push(end);
    return { exited, stop: async () => end('exit code 0') };
  };
  return { running, start };
}

test('starts a part again when it ends, and says so', async () => {
  const { running, start } = fakeParts();
  const said: string[] = [];
  const supervised = await supervise('send', start, (line) => said.push(line));
  running[0]?.('signal SIGKILL');
  await expect.poll(() => said).toEqual(['send ended (signal SIGKILL) and is started again', 'send runs again']);
  await supervised.stop();
  expect(running.length).toBe(2);
  expect(said.length).toBe(2);
});

test('tries again when starting again fails', async () => {
  const { running, start } = fakeParts();
  const said: string[] = [];
  let failures = 1;
  const startsBadly = () => (running.length > 0 && failures-- > 0 ? Promise.reject(new Error('no room')) : start());
  const supervised = await supervise('send', startsBadly, (line) => said.push(line));
  running[0]?.('exit code 1');
  await expect.poll(() => said.at(-1), { timeout: 60_000 }).toBe('send runs again');
  expect(said).toContain('send cannot start yet: no room');
  await supervised.stop();
});

test('a stop while it waits to start again is the end', async () => {
  const { running, start } = fakeParts();
  const said: string[] = [];
  const supervised = await supervise('send', start, (line) => said.push(line));
  running[0]?.('exit code 1');
  await expect.poll(() => said.length).toBe(1);
  await supervised.stop();
  expect(running.length).toBe(1);
});

test('a first start that fails is thrown', async () => {
  const attempt = supervise(
    'send',
    () => Promise.reject(new Error('no room')),
    () => {},
  );
  await expect(attempt).rejects.toThrow('no room');
});
