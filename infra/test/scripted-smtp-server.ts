// An SMTP server that says line by line what a test tells it to, for what no decent server does.
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** What it does at the greeting (`''`), at a command, or at the end of a message (`.`): says this, closes the connection, or keeps silent. */
export type Script = (line: string) => string | 'close' | 'silence';

/** The replies of a server that takes everything. */
export function obliging(line: string): string {
  if (line === '') return '220 scripted';
  if (line === 'DATA') return '354 go on';
  return line.startsWith('QUIT') ? '221 bye' : '250 fine';
}

export async function startScriptedSmtpServer(script: Script) {
  const sockets = new Set<Socket>();
  const lines: string[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    let inData = false;
    let rest = '';
    const react = (line: string) => {
      const reaction = script(line);
      if (reaction === 'close') socket.destroy();
      else if (reaction !== 'silence') socket.write(`${reaction}\r\n`);
      inData = line === 'DATA' && reaction.startsWith('354');
    };
    react('');
    socket.on('data', (chunk) => {
      const parts = (rest + chunk).split('\r\n');
      rest = parts.pop() ?? '';
      for (const line of parts) {
        lines.push(line);
        if (!inData || line === '.') react(line);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Every line it was sent. */
    lines,
    /** Connections open now. */
    open: () => sockets.size,
    stop() {
      for (const socket of sockets) socket.destroy();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
