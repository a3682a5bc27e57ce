// Attacks by bytes: bodies that are large, slow or in crumbs, and answers that nobody reads.
import type { Attack, Ground } from './attack.ts';
import { ask, hold, json } from './requests.ts';

const large = 9_900_000;
const head = (path: string, length: string, token?: string) =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n${length}\r\n${token ? `Authorization: Bearer ${token}\r\n` : ''}\r\n`;
const piece = Buffer.alloc(990_000, 0x20);

/** 60 connections that each send 9.9 of 10 MB. */
function sixty(ground: Ground, token?: string): Promise<never> {
  const opening = head('/send', 'Content-Length: 10000000', token);
  return hold(ground, ground.urls.send, 60, opening, (socket) => {
    for (let sent = 0; sent < large; sent += piece.length) socket.write(piece);
  });
}

export const bodyAttacks: Attack[] = [
  {
    name: 'bodies-without-token',
    says: '60 bodies of 9.9 of 10 MB, no token',
    short: true,
    make: (ground) => sixty(ground),
  },
  {
    name: 'bodies-with-token',
    says: '60 bodies of 9.9 of 10 MB by one client',
    short: true,
    make: (ground) => sixty(ground, ground.token),
  },
  {
    name: 'crumbs',
    says: 'a body in chunks of one byte',
    short: true,
    make(ground) {
      const crumbs = '1\r\n \r\n'.repeat(20_000);
      const opening = head('/send', 'Transfer-Encoding: chunked', ground.token);
      return hold(ground, ground.urls.send, 1, opening, (socket) => {
        const feed = () => {
          while (socket.writable && socket.write(crumbs));
        };
        socket.on('drain', feed);
        feed();
      });
    },
  },
  {
    name: 'slow-bodies',
    says: '300 bodies of a byte a second',
    make(ground) {
      const opening = head('/send', 'Content-Length: 1000000', ground.token);
      return hold(ground, ground.urls.send, 300, opening, (socket) => {
        const drip = setInterval(() => socket.write(' '), 1_000);
        socket.on('close', () => clearInterval(drip));
      });
    },
  },
  {
    name: 'pipelined',
    says: '30 connections that ask on before they are answered',
    short: true,
    make(ground) {
      const one = head('/emails/01971d8c-6f1e-7a52-9c0b-3f2a4e5d6c7b/cancel', 'Content-Length: 0', ground.token);
      const many = one.repeat(100);
      return hold(ground, ground.urls.send, 30, many, (socket) => {
        const feed = () => {
          while (socket.writable && socket.write(many));
        };
        socket.on('drain', feed);
        feed();
      });
    },
  },
  {
    name: 'half-requests',
    says: '300 requests that never end their headers',
    make: (ground) => hold(ground, ground.urls.send, 300, 'POST /send HTTP/1.1\r\nHost: a\r\n'),
  },
  {
    name: 'unread-answers',
    says: '80 answers of 9 MB that nobody reads',
    short: true,
    async prepare(ground) {
      const email = { from: 'a@example.com', to: 'b@example.com', subject: 'large', text: 'x'.repeat(9_000_000) };
      const { text } = await ask(
        `${ground.urls.send}/send`,
        { method: 'POST', headers: json(ground) },
        JSON.stringify(email),
      );
      return JSON.parse(text).id;
    },
    make(ground, id) {
      const opening = `GET /emails/${id} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${ground.token}\r\n\r\n`;
      return hold(ground, ground.urls.history, 80, opening, (socket) => socket.once('data', () => socket.pause()));
    },
  },
];
