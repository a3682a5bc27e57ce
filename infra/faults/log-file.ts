// Lines of a process appended to a file, so that every start of it is in one place.
import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

export function logTo(file: string): (line: string) => void {
  mkdirSync(dirname(file), { recursive: true });
  // Written at once: the last lines before a kill are the ones that matter.
  return (line) => appendFileSync(file, `${line}\n`);
}
