// The operator's command that shows what the API would make of messages that came back; it needs no database.
import { closeSync, openSync, readSync } from 'node:fs';
import { bounds } from '../../../lib/mail/reports/bounds.ts';
import { readReport } from '../../../lib/mail/reports/read-report.ts';
import { type Command, PartialFailure } from '../command.ts';

export const bounceCommands: Command[] = [
  {
    name: 'bounce read',
    words: ['FILE', '[FILE…]'],
    options: {},
    about: 'Shows what it makes of messages that came back (bounces, complaints, automatic replies): one JSON a line.',
    async run(files) {
      const lines: string[] = [];
      const faults: string[] = [];
      for (const file of files) {
        const message = beginningOf(file);
        if (typeof message === 'string') faults.push(message);
        else lines.push(readFile(file, message));
      }
      if (faults.length > 0) throw new PartialFailure(lines.join('\n'), faults.join('\n'));
      return lines.join('\n');
    },
  },
];

function readFile(file: string, message: Buffer): string {
  const { kind, recipients } = readReport(message);
  const shown = recipients.map(({ recipient, enhanced_code, code, hard, category }) => ({
    recipient,
    enhanced_code,
    code,
    hard,
    category,
  }));
  return JSON.stringify({ file, kind, recipients: shown });
}

/** As much of a file as is read of a message; the complaint where it cannot be read. */
function beginningOf(file: string): Buffer | string {
  try {
    const descriptor = openSync(file, 'r');
    try {
      const buffer = Buffer.alloc(bounds.octets);
      let length = 0;
      for (let read = -1; read !== 0 && length < buffer.length; length += read)
        read = readSync(descriptor, buffer, length, buffer.length - length, null);
      return buffer.subarray(0, length);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return `${file} cannot be read: ${code === 'ENOENT' ? 'there is no such file' : String(code ?? error)}.`;
  }
}
