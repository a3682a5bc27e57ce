// Finds which statements of lib/store each function runs: those of what its files name in lib, and of what that names.
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  type ClassDeclaration,
  type FunctionDeclaration,
  isClassDeclaration,
  isFunctionDeclaration,
  isIdentifier,
  isVariableDeclaration,
  type Node,
  type VariableDeclaration,
} from 'typescript/unstable/ast';
import { API, type Project } from 'typescript/unstable/sync';
import { findStatements, type Statement } from './statements.ts';
import { declarationOf, findFunction, nodesOf } from './syntax.ts';

const lib = resolve('lib');
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
    const filesOf = (paths: readonly string[]) => paths.flatMap((path) => project.program.getSourceFile(path) ?? []);
    const declared = new Set(filesOf(within(lib)).flatMap(declaredNames));
    return new Map(
      readdirSync('functions').map((name) => {
        const found = reached(project, filesOf(within(resolve('functions', name))), declared);
        return [name, [...found].flatMap((key) => statementsOf.get(key) ?? [])];
      }),
    );
  } finally {
    api.close();
  }
}

function declaredNames(file: Node): string[] {
  return nodesOf(file).flatMap((node) => (isDeclared(node) && node.name ? [node.name.getText()] : []));
}

function isDeclared(node: Node): node is FunctionDeclaration | ClassDeclaration | VariableDeclaration {
  return isFunctionDeclaration(node) || isClassDeclaration(node) || isVariableDeclaration(node);
}

/** What lib declares, under these names, that is named in these nodes, and in one another. */
function reached(project: Project, roots: readonly Node[], declared: ReadonlySet<string>): Set<string> {
  const found = new Set<string>();
  const left = [...roots];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    for (const node of nodesOf(next)) {
      if (!isIdentifier(node) || !declared.has(node.text)) continue;
      const named = declarationOf(project, node);
      if (named === undefined || !isDeclared(named) || found.has(keyOf(named))) continue;
      if (!named.getSourceFile().fileName.startsWith(`${lib}/`)) continue;
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
