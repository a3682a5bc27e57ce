// Finds which statements of lib/store each function runs: those of what it imports, and of what that calls.
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { isFunctionDeclaration, isIdentifier, type Node } from 'typescript/unstable/ast';
import { API, type Project } from 'typescript/unstable/sync';
import { findStatements, type Statement } from './statements.ts';
import { declarationOf, findFunction, nodesOf } from './syntax.ts';

const store = resolve('lib/store');

/** By the name of the function, each statement with its text and parameters. */
export function statementsByFunction(): Map<string, Statement[]> {
  const api = new API({ cwd: process.cwd() });
  try {
    const [project] = api.updateSnapshot({ openProjects: [resolve('tsconfig.json')] }).getProjects();
    if (project === undefined) throw new Error('tsconfig.json cannot be read');
    const names = project.program.getSourceFileNames().filter((name) => !name.endsWith('.test.ts'));
    const within = (folder: string) => names.filter((name) => name.startsWith(`${folder}/`));
    const statementsOf = new Map<string, Statement[]>();
    for (const statement of findStatements(project, within(store)).statements) {
      const key = keyOf(findFunction(statement.node));
      statementsOf.set(key, [...(statementsOf.get(key) ?? []), statement]);
    }
    const filesOf = (folder: string) => within(folder).flatMap((name) => project.program.getSourceFile(name) ?? []);
    const declared = new Set(filesOf(store).flatMap(declaredNames));
    return new Map(
      readdirSync('functions').map((name) => {
        const found = reached(project, filesOf(resolve('functions', name)), declared);
        return [name, [...found].flatMap((key) => statementsOf.get(key) ?? [])];
      }),
    );
  } finally {
    api.close();
  }
}

function declaredNames(file: Node): string[] {
  return nodesOf(file).flatMap((node) => (isFunctionDeclaration(node) && node.name ? [node.name.text] : []));
}

/** The functions of lib/store, which have these names, that are named in these nodes, and in one another. */
function reached(project: Project, roots: readonly Node[], declared: ReadonlySet<string>): Set<string> {
  const found = new Set<string>();
  const left = [...roots];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    for (const node of nodesOf(next)) {
      if (!isIdentifier(node) || !declared.has(node.text)) continue;
      const named = declarationOf(project, node);
      if (named === undefined || !isFunctionDeclaration(named) || found.has(keyOf(named))) continue;
      if (!named.getSourceFile().fileName.startsWith(`${store}/`)) continue;
      found.add(keyOf(named));
      left.push(named);
    }
  }
  return found;
}

/** Nodes of one declaration are not always one object. */
function keyOf(node: Node | undefined): string {
  return node === undefined ? '' : `${node.getSourceFile().fileName}:${node.getStart()}`;
}
