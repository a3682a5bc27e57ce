// The operator's commands that the README and the guides show: lines to paste, and those in tables and text.
import { readdirSync, readFileSync } from 'node:fs';
import { commands } from '../admin/run.ts';

export interface PaperCommand {
  paper: string;
  /** As it stands there. */
  text: string;
  /** Its arguments, as a shell hands them on; without what goes to files. */
  args: string[];
}

const folder = 'infra/guides/';
// This guide makes the client that others show something about.
const first = 'tokens-and-clients.md';
const guides = readdirSync(folder).filter((file) => file.endsWith('.md') && file !== first);
const papers = ['README.md', ...[first, ...guides].map((file) => folder + file)];

/** How the papers call the command: beside `npm start`, and with Docker. */
const programs = [
  'npm run admin --',
  'npm run -s admin --',
  'docker compose run --rm admin',
  'docker compose run --rm -T admin',
];
export const programOf = (text: string) => programs.find((program) => text.startsWith(`${program} `));

/** Lines of code blocks. */
export function linesToPaste(): PaperCommand[] {
  return papers.flatMap((paper) =>
    readFileSync(paper, 'utf8')
      .split('\n')
      .map((line) => line.trim())
      .flatMap((text) => {
        const program = programOf(text);
        return program === undefined ? [] : [{ paper, text, args: shellWords(text.slice(program.length)) }];
      }),
  );
}

/** Code in tables and text: a command's name with something behind it. */
export function commandsInText(): PaperCommand[] {
  return papers.flatMap((paper) =>
    [...readFileSync(paper, 'utf8').matchAll(/`([^`\n]+)`/g)].flatMap(([, text = '']) =>
      commands.some(({ name }) => text.startsWith(`${name} `)) ? [{ paper, text, args: shellWords(text) }] : [],
    ),
  );
}

/** Words between spaces; single quotes keep spaces. Ends at a comment or at a file for input or output. */
function shellWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let isQuoted = false;
  for (const letter of `${text} `) {
    if (letter === "'") {
      isQuoted = !isQuoted;
      word ??= '';
    } else if (letter !== ' ' || isQuoted) {
      if (word === undefined && '#<>'.includes(letter)) return words;
      word = (word ?? '') + letter;
    } else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  return words;
}
