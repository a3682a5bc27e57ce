// Opens the sockets of the PostgreSQL driver: plain or with TLS, and without an `error` event when they break.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, isIP, Socket } from 'node:net';
import { type ConnectionOptions, connect as secure } from 'node:tls';

/** What the driver passes: the hosts and ports of the URL. */
interface Target {
  host: string[];
  port: number[];
}

/** libpq's `sslmode`; without one, as with `disable`, there is no TLS. */
const tlsModes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
type TlsMode = (typeof tlsModes)[number];

/** The same time as the driver waits for a connection without TLS. */
const connectTimeoutMs = 5_000;
/** Asks whether the server speaks TLS; it answers S or N (PostgreSQL's protocol, "SSL Session Encryption"). */
const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

export interface DatabaseAddress {
  /** The URL without the parameters that are handled here. */
  url: string;
  socket?: (target: Target) => Socket | Promise<Socket>;
}

/**
 * Reads `sslmode` and `sslrootcert` (PEM file of the authority to trust) from a connection URL. The driver itself handles several
 * hosts and socket files. Throws on an unknown mode and on a file that cannot be read.
 */
export function readDatabaseAddress(given: string): DatabaseAddress {
  const url = new URL(given);
  if (url.hostname === '' || url.hostname.includes(',')) return { url: given };
  const mode = tlsMode(url.searchParams.get('sslmode') ?? url.searchParams.get('ssl') ?? 'disable');
  const authority = url.searchParams.get('sslrootcert');
  const options = tlsOptions(mode, authority === null ? undefined : readFileSync(authority, 'utf8'));
  for (const name of ['sslmode', 'ssl', 'sslrootcert']) url.searchParams.delete(name);
  return {
    url: url.href,
    socket: (target) => (mode === 'disable' ? quiet(open(target)) : openSecured(target, mode, options)),
  };
}

function tlsMode(text: string): TlsMode {
  const mode = { false: 'disable', allow: 'prefer', true: 'require' }[text] ?? text;
  const known = tlsModes.find((one) => one === mode);
  if (known === undefined) throw new Error(`sslmode ${text} is none of ${tlsModes.join(', ')}`);
  return known;
}

/** As in libpq: `require` checks the certificate only if `sslrootcert` is set; `verify-ca` does not check the name. */
function tlsOptions(mode: TlsMode, ca: string | undefined): ConnectionOptions {
  const verified = mode === 'verify-ca' || mode === 'verify-full' || (mode === 'require' && ca !== undefined);
  return {
    ...(ca !== undefined && { ca }),
    rejectUnauthorized: verified,
    ...(mode !== 'verify-full' && { checkServerIdentity: () => undefined }),
  };
}

function open({ host: [host = 'localhost'], port: [port = 5432] }: Target): Socket {
  return connect({ host, port });
}

/** Never rejects, because the driver would lose a connection of its pool: a failure becomes the error of a socket. */
async function openSecured(target: Target, mode: TlsMode, options: ConnectionOptions): Promise<Socket> {
  const socket = open(target);
  const within = { signal: AbortSignal.timeout(connectTimeoutMs) };
  try {
    await once(socket, 'connect', within);
    socket.write(sslRequest);
    const [answer] = (await once(socket, 'data', within)) as [Buffer];
    // Bytes after the answer, in clear text, were injected by an attacker in between (CVE-2021-23222).
    if (answer.length !== 1) throw new Error('the server answered to the request for TLS what no server answers');
    if (answer.toString() !== 'S') {
      if (mode === 'prefer') return quiet(socket);
      throw new Error('the server does not speak TLS, which sslmode asks for');
    }
    const [host = ''] = target.host;
    const secured = secure({ ...options, socket, ...(isIP(host) === 0 && { servername: host }), host });
    await once(secured, 'secureConnect', within);
    return quiet(secured);
  } catch (error) {
    socket.destroy();
    return broken(
      within.signal.aborted ? Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' }) : error,
    );
  }
}

/** A socket that ends with this error once the driver listens to it. */
function broken(error: unknown): Socket {
  const socket = new Socket();
  setImmediate(() => socket.destroy(error instanceof Error ? error : new Error(String(error))));
  return socket;
}

/**
 * Makes a socket emit only `close`, not `error`. At `error`, the driver (postgres 3.4.9) rejects the queries under way, but it drops
 * the connection only at `close`, which comes later. A query in between goes to the dead connection, is not rejected, and takes the
 * first answer of the next connection as its own. At a `close` without error, the driver does both at once.
 */
function quiet(socket: Socket): Socket {
  const emit = socket.emit.bind(socket);
  let inUse = false;
  socket.emit = (event: string | symbol, ...args: unknown[]) => {
    if (event === 'data') inUse = true;
    // Before the server's first byte, only the query that opened the connection is concerned, and it must get the error.
    if (event === 'error' && inUse) return true;
    return event === 'close' ? emit(event, false) : emit(event, ...args);
  };
  return socket;
}
