// A real DNS server for tests, of TXT records alone (RFC 1035), over UDP.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

export interface TestDnsServer {
  /** As `dkim check --server` takes it. */
  address: string;
  /** By name: the strings of each TXT record. Names it does not have do not exist. */
  records: Map<string, string[][]>;
  stop(): Promise<void>;
}

const noSuchName = 3;

export async function startDnsServer(): Promise<TestDnsServer> {
  const records = new Map<string, string[][]>();
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => socket.send(answer(query, records), port, address));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  let stopped: Promise<void> | undefined;
  return {
    address: `127.0.0.1:${socket.address().port}`,
    records,
    stop() {
      stopped ??= new Promise((resolve) => socket.close(() => resolve()));
      return stopped;
    },
  };
}

function answer(query: Buffer, records: Map<string, string[][]>): Buffer {
  const headerBytes = 12;
  const labels: string[] = [];
  let at = headerBytes;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  // The zero that ends the name, then its type and class.
  const question = query.subarray(headerBytes, at + 5);
  const found = records.get(labels.join('.').toLowerCase());
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(query.readUInt16BE(0), 0);
  // An authoritative answer to a query that wanted recursion.
  header.writeUInt16BE(0x8580 | (found ? 0 : noSuchName), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(found?.length ?? 0, 6);
  return Buffer.concat([header, question, ...(found ?? []).map(txtRecord)]);
}

function txtRecord(strings: string[]): Buffer {
  const text = Buffer.concat(strings.map((string) => Buffer.from([string.length, ...Buffer.from(string, 'latin1')])));
  const record = Buffer.alloc(12);
  // The name is that of the question.
  record.writeUInt16BE(0xc00c, 0);
  record.writeUInt16BE(16, 2);
  record.writeUInt16BE(1, 4);
  record.writeUInt32BE(60, 6);
  record.writeUInt16BE(text.length, 10);
  return Buffer.concat([record, text]);
}
