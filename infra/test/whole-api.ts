// What a test of the whole API runs on: a database, an SMTP server and the functions, all its own.
import type { SMTPServerOptions } from 'smtp-server';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { type Api, brokerUrl, type FunctionName, startApi } from './functions.ts';
import { startSmtpServer, type TestSmtpServer } from './smtp-server.ts';

export interface WholeApi {
  database: TestDatabase;
  smtp: TestSmtpServer;
  api: Api;
  /** Fails when a function does not end with status 0, or a connection is left behind. */
  stop(): Promise<void>;
}

export interface WholeApiOptions {
  amqpUrl?: string;
  /** Further settings, for all functions. */
  settings?: Record<string, string>;
  smtpServer?: SMTPServerOptions;
  /** Functions that few tests need: manage, notify. */
  also?: readonly FunctionName[];
}

export async function startWholeApi({
  amqpUrl = brokerUrl(),
  settings = {},
  smtpServer,
  also = [],
}: WholeApiOptions = {}): Promise<WholeApi> {
  const database = await createTestDatabase();
  const smtp = await startSmtpServer(smtpServer);
  const api = await startApi({ databaseUrl: database.url, smtpUrl: smtp.url, amqpUrl, settings, also });
  return {
    database,
    smtp,
    api,
    async stop() {
      await api.stop();
      await smtp.stop();
      await database.drop();
    },
  };
}
