// The mailbox of local mode: MailDev takes every email by SMTP and shows it on a page and as `GET /email`.
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startChild } from './child.ts';
import { answers, assertPortIsFree, loopback } from './ports.ts';
import { endLeftover } from './process-table.ts';

export interface MailboxOptions {
  directory: string;
  smtpPort: number;
  webPort: number;
  /** Where mail for bounce@, delay@ and complaint@ is answered to, on this machine; not given: nowhere. */
  reportsPort?: number;
  log: (line: string) => void;
}

export interface Mailbox {
  smtpUrl: string;
  webUrl: string;
  /** Fulfilled, with how it ended, once it is gone. */
  exited: Promise<string>;
  stop(): Promise<void>;
}

export async function startMailbox({
  directory,
  smtpPort,
  webPort,
  reportsPort,
  log,
}: MailboxOptions): Promise<Mailbox> {
  const home = resolve(directory);
  const emails = join(home, 'emails');
  const pidFile = join(home, 'pid');
  mkdirSync(emails, { recursive: true, mode: 0o700 });
  await endLeftover(pidFile, emails);
  await assertPortIsFree(smtpPort, 'The mailbox (SMTP)');
  await assertPortIsFree(webPort, 'The mailbox (page)');

  const page = fileURLToPath(new URL('mailbox-page.ts', import.meta.url));
  const ports = ['--smtp', String(smtpPort), '--web', String(webPort), '--ip', loopback];
  const child = startChild({
    name: 'The mailbox',
    command: process.execPath,
    args: ['--import', 'tsx', page, ...ports, '--mail-directory', emails],
    // It waits for open pages to leave before it ends; the emails are on disk already.
    stopWithin: 2000,
    pidFile,
    log,
    ...(reportsPort !== undefined && { env: { MAILBOX_REPORTS_PORT: String(reportsPort) } }),
  });
  const webUrl = `http://${loopback}:${webPort}`;
  await child.until(async () => (await answers(smtpPort, '220 ')) && (await showsEmails(webUrl)));
  return { smtpUrl: `smtp://${loopback}:${smtpPort}`, webUrl, exited: child.exited, stop: child.stop };
}

async function showsEmails(webUrl: string): Promise<boolean> {
  try {
    return (await fetch(`${webUrl}/email`)).ok;
  } catch {
    return false;
  }
}
