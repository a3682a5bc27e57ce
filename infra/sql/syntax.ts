// What the check of SQL reads from the syntax tree: functions, their calls, and what a name stands for.
import {
  type ArrowFunction,
  type CallExpression,
  type Expression,
  type FunctionDeclaration,
  isArrayLiteralExpression,
  isArrowFunction,
  isBlock,
  isCallExpression,
  isFunctionDeclaration,
  isIdentifier,
  isReturnStatement,
  isStringLiteral,
  isVariableDeclaration,
  type Node,
  type SourceFile,
} from 'typescript/unstable/ast';
import { type Project, SymbolFlags } from 'typescript/unstable/sync';
import * as emailColumns from '../../lib/store/emails/columns.ts';

/** Modules whose constants are made by code of their own: what these are is read from the module as it runs. */
const made: Record<string, Record<string, unknown>> = { 'lib/store/emails/columns.ts': emailColumns };

export type FunctionNode = FunctionDeclaration | (ArrowFunction & { name?: undefined });
export type Calls = ReadonlyMap<string, CallExpression[]>;

export function nodesOf(node: Node): Node[] {
  const nodes = [node];
  node.forEachChild((child) => {
    nodes.push(...nodesOf(child));
  });
  return nodes;
}

/** The calls of each name in a file. */
export function callsOf(file: SourceFile): Calls {
  const calls = new Map<string, CallExpression[]>();
  for (const node of nodesOf(file)) {
    if (!isCallExpression(node) || !isIdentifier(node.expression)) continue;
    const name = node.expression.text;
    calls.set(name, [...(calls.get(name) ?? []), node]);
  }
  return calls;
}

/** The declared function around a node. */
export function findFunction(node: Node): FunctionNode | undefined {
  for (let at: Node | undefined = node; at !== undefined; at = at.parent) if (isFunctionDeclaration(at)) return at;
  return undefined;
}

/** The declaration that a name refers to, in whichever file it is. */
export function declarationOf({ checker }: Project, name: Node): Node | undefined {
  const symbol = checker.getSymbolAtLocation(name);
  const own = symbol?.valueDeclaration?.resolve();
  if (own !== undefined || symbol === undefined || !(symbol.flags & SymbolFlags.Alias)) return own;
  return checker.getAliasedSymbol(symbol).valueDeclaration?.resolve();
}

/** The function that a name refers to, and the expression that it returns. */
export function resultOf(project: Project, name: Node): { callee: FunctionNode; result: Expression } | undefined {
  const declaration = declarationOf(project, name);
  const callee = declaration && isVariableDeclaration(declaration) ? declaration.initializer : declaration;
  if (callee === undefined || !(isFunctionDeclaration(callee) || isArrowFunction(callee))) return undefined;
  const { body } = callee;
  if (body === undefined) return undefined;
  const result = isBlock(body) ? body.statements.find(isReturnStatement)?.expression : body;
  return result && { callee: callee as FunctionNode, result };
}

/** What the constant of a name is: its value, and the strings in it. */
export function elementsOf(project: Project, name: Node): { value?: Expression | undefined; names: string[] } {
  const declaration = declarationOf(project, name);
  const value = declaration && isVariableDeclaration(declaration) ? declaration.initializer : undefined;
  if (value === undefined) return { names: [] };
  const names = madeNames(declaration, name);
  if (names !== undefined) return { value, names };
  const elements = isArrayLiteralExpression(value) ? value.elements : [value];
  return { value, names: elements.flatMap((element) => (isStringLiteral(element) ? [element.text] : [])) };
}

function madeNames(declaration: Node | undefined, name: Node): string[] | undefined {
  const fileName = declaration?.getSourceFile().fileName ?? '';
  const file = Object.keys(made).find((each) => fileName.endsWith(each));
  const value = file === undefined ? undefined : made[file]?.[name.getText()];
  return value === undefined ? undefined : [value].flat().map(String);
}
