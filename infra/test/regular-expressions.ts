// Finds every regular expression of the code, by parsing it: esbuild takes the types away, acorn reads what is left.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'acorn';
import { transformSync } from 'esbuild';

export interface Found {
  file: string;
  source: string;
  flags: string;
}

/** What callers, relays and operators send is read here; tests and tools of ours read what we wrote. */
const folders = ['functions', 'lib', 'infra/admin', 'infra/gateway', 'infra/local'];

/** `literals` as they stand; `made` are the calls of `RegExp`, whose expression is not known before they run. */
export function regularExpressions(): { literals: Found[]; made: { file: string; code: string }[] } {
  const literals: Found[] = [];
  const made: { file: string; code: string }[] = [];
  for (const file of folders.flatMap(sources)) {
    const { code } = transformSync(readFileSync(file, 'utf8'), { loader: 'ts', format: 'esm' });
    visit(parse(code, { ecmaVersion: 'latest', sourceType: 'module' }), (node) => {
      const { regex, callee } = node as { regex?: { pattern: string; flags: string }; callee?: { name?: string } };
      if (regex) literals.push({ file, source: regex.pattern, flags: regex.flags });
      if (callee?.name === 'RegExp') made.push({ file, code: code.slice(Number(node.start), Number(node.end)) });
    });
  }
  return { literals, made };
}

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => join(folder, name));
}

function visit(value: unknown, look: (node: Record<string, unknown>) => void): void {
  if (typeof value !== 'object' || value === null) return;
  if ('type' in value) look(value as Record<string, unknown>);
  for (const inner of Object.values(value)) visit(inner, look);
}
