// Finds the operator's command, runs it, and returns its output or complaint.
import { isDatabaseAway } from '../../lib/store/database.ts';
import { type AdminSettings, type Command, PartialFailure, parseWords, UsageError, usageOf } from './command.ts';
import { apiKeyCommands } from './commands/api-key.ts';
import { bounceCommands } from './commands/bounce.ts';
import { clientCommands } from './commands/client.ts';
import { databaseCommands } from './commands/database.ts';
import { dkimCommands } from './commands/dkim.ts';
import { emailCommands } from './commands/email.ts';
import { limitCommands } from './commands/limits.ts';
import { queueCommands } from './commands/queue.ts';
import { secretCommands } from './commands/secrets.ts';
import { signingKeyCommands } from './commands/signing-key.ts';
import { suppressionCommands } from './commands/suppression.ts';

export const commands: readonly Command[] = [
  ...databaseCommands,
  ...clientCommands,
  ...limitCommands,
  ...secretCommands,
  ...signingKeyCommands,
  ...apiKeyCommands,
  ...dkimCommands,
  ...emailCommands,
  ...suppressionCommands,
  ...bounceCommands,
  ...queueCommands,
];

export interface CommandResult {
  /** 0; 1 when it failed; 2 when the arguments are wrong. */
  exitCode: number;
  output?: string;
  /** For standard error. */
  complaint?: string;
}

/** `args` are the arguments after the program's name. Never throws: a failure is one line. */
export async function runAdmin(args: string[], settings: AdminSettings): Promise<CommandResult> {
  const asksForHelp = args[0] === 'help' || args.includes('--help') || args.includes('-h');
  if (asksForHelp) return { exitCode: 0, output: help(commands) };
  const command = commands.find(({ name }) => name.split(' ').every((word, index) => args[index] === word));
  if (command === undefined) {
    const group = commands.filter(({ name }) => name.split(' ')[0] === args[0]);
    return { exitCode: 2, complaint: help(group.length > 0 ? group : commands) };
  }
  try {
    const { words, options } = parseWords(command, args.slice(command.name.split(' ').length));
    return { exitCode: 0, output: await command.run(words, options, settings) };
  } catch (error) {
    if (error instanceof UsageError) return { exitCode: 2, complaint: `${error.message}\n\n${help([command])}` };
    if (error instanceof PartialFailure) {
      const output = error.output === '' ? {} : { output: error.output };
      return { exitCode: 1, ...output, complaint: error.message };
    }
    return { exitCode: 1, complaint: inOneLine(error) };
  }
}

function help(shown: readonly Command[]): string {
  const lines = shown.map((command) => `  ${usageOf(command)}\n      ${command.about}`);
  return `Usage: npm run admin -- COMMAND

${lines.join('\n')}

DATABASE_URL names the database: postgres://user:password@host:5432/name
AMQP_URL names the broker, for the commands of its queue: amqp://user:password@host:5672`;
}

function inOneLine(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : error.name;
  if (isDatabaseAway(error)) return `The database that DATABASE_URL names cannot be reached (${code}).`;
  if (code === '42P01') return 'The database has no tables yet: run the command migrate first.';
  return (error.message || code).split('\n', 1)[0] ?? code;
}
