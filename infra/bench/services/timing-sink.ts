// A process: an SMTP server that takes everything at once and says when each message's final dot came.
import { createServer, type Socket } from 'node:net';

/** Told at most this often, in ms: a write for each message would cost more than taking it. */
const tellEveryMs = 10;

let taken = 0;
let untold = '';

function converse(socket: Socket): void {
  let inData = false;
  let rest = '';
  socket.setNoDelay(true);
  socket.on('error', () => {});
  socket.write('220 sink\r\n');
  socket.on('data', (bytes) => {
    rest += bytes.toString('latin1');
    for (;;) {
      const mark = inData ? '\r\n.\r\n' : '\r\n';
      const end = rest.indexOf(mark);
      if (end < 0) return;
      const piece = rest.slice(0, end);
      rest = rest.slice(end + mark.length);
      if (inData) take(piece);
      inData = !inData && /^data$/i.test(piece);
      socket.write(replyTo(piece, inData));
      if (/^quit$/i.test(piece)) socket.end();
    }
  });
}

function replyTo(piece: string, dataFollows: boolean): string {
  if (dataFollows) return '354 go on\r\n';
  return /^ehlo /i.test(piece) ? '250-sink\r\n250 8BITMIME\r\n' : '250 2.0.0 ok\r\n';
}

function take(message: string): void {
  taken += 1;
  const [, id] = /^message-id:\s*(\S+)/im.exec(message) ?? [];
  if (id !== undefined) untold += `dot ${id} ${performance.timeOrigin + performance.now()}\n`;
}

let told = 0;
setInterval(() => {
  if (taken === told) return;
  told = taken;
  process.stdout.write(`${untold}mesg=${taken}\n`);
  untold = '';
}, tellEveryMs);

createServer(converse).listen(Number(process.argv[2]), '127.0.0.1');
