// What a database's URL says of TLS, and servers that do not keep to the protocol.
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { isDatabaseAway, openDatabase } from './database.ts';
import { readDatabaseAddress } from './database-tls.ts';

describe('the URL', () => {
  it.each(['postgres://a.test/name', 'postgres://a.test/name?sslmode=verify-full', 'postgres://a.test/name?ssl=true'])(
    '%s is left without what concerns TLS',
    (url) => expect(readDatabaseAddress(url)).toEqual({ url: 'postgres://a.test/name', socket: expect.any(Function) }),
  );

  it('keeps the other parameters', () => {
    const { url } = readDatabaseAddress('postgres://a.test/name?sslmode=require&search_path=email');
    expect(url).toBe('postgres://a.test/name?search_path=email');
  });

  it('with several hosts is the affair of the driver', () => {
    const url = 'postgres://a.test,b.test/name?sslmode=require';
    expect(readDatabaseAddress(url)).toEqual({ url });
  });

  it.each([
    ['sslmode=verify', /^sslmode verify is none of disable, prefer, require, verify-ca, verify-full$/],
    ['sslmode=require&sslrootcert=/nowhere.pem', /nowhere\.pem/],
  ])('%s is a fault', (parameters, fault) => {
    expect(() => readDatabaseAddress(`postgres://a.test/name?${parameters}`)).toThrow(fault);
  });
});

describe('a server that', () => {
  let server: Server;
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  async function query(sslmode: string, answer: (socket: Socket) => void): Promise<unknown> {
    server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => answer(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const sql = openDatabase(`postgres://u:p@127.0.0.1:${port}/name?sslmode=${sslmode}`, {
      connections: 1,
      name: 'test',
    });
    try {
      return await sql`select 1`.catch((error) => error);
    } finally {
      await sql.end({ timeout: 0 });
    }
  }

  it('does not speak TLS is not spoken to in clear text', async () => {
    const said: string[] = [];
    const error = await query('require', (socket) => {
      socket.on('data', (data) => said.push(data.toString()));
      socket.write('N');
    });
    expect(error).toMatchObject({ message: 'the server does not speak TLS, which sslmode asks for' });
    expect(said).toEqual([]);
  });

  it('has something slipped in before TLS begins is not trusted (CVE-2021-23222)', async () => {
    const error = await query('require', (socket) => socket.write('SZ'));
    expect(error).toMatchObject({ message: expect.stringContaining('what no server answers') });
  });

  it('hangs up counts as away', async () => {
    expect(isDatabaseAway(await query('require', (socket) => socket.resetAndDestroy()))).toBe(true);
  });
});
