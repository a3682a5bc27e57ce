// Requests that never become one: no HTTP, too long a head, or too slow. Answered where that is possible, and their connection always goes.
import { randomUUID } from 'node:crypto';
import { type Server, STATUS_CODES } from 'node:http';
import { Socket } from 'node:net';

/** How long the head of a request may take, and how long all of it, in ms: 40 MB over a slow line. Caddy's are the same. */
const headWithinMs = 10_000;
const allWithinMs = 300_000;
/** How often connections are looked through for requests that take longer. */
const lookEveryMs = 1_000;

const statuses: Record<string, number> = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 };

/** Before `listen`: from then on Node looks at `connectionsCheckingInterval`, which its types do not know as a property. */
export function endBrokenRequests(server: Server): void {
  Object.assign(server, { connectionsCheckingInterval: lookEveryMs });
  server.headersTimeout = headWithinMs;
  server.requestTimeout = allWithinMs;
  // Those beyond 2,000 would be dropped, unseen by whoever counts them; 16 kB is all that a head may have.
  server.maxHeadersCount = 0;
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const status = statuses[error.code ?? ''] ?? 400;
    if (socket.writable) {
      const line = `HTTP/1.1 ${status} ${STATUS_CODES[status]}`;
      // What it said of itself is lost.
      const id = `X-Request-Id: ${randomUUID()}`;
      socket.write(`${line}\r\nConnection: close\r\nContent-Length: 0\r\n${id}\r\n\r\n`);
    }
    // `end` would leave half of it open for as long as the other side likes.
    if (socket instanceof Socket) socket.destroySoon();
    else socket.destroy();
  });
}
