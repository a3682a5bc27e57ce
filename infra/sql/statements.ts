// Finds the SQL statements in files, and puts each together from its fragments as the driver would, without running anything.
import {
  type Expression,
  isCallExpression,
  isConditionalExpression,
  isIdentifier,
  isNoSubstitutionTemplateLiteral,
  isPropertyAccessExpression,
  isTaggedTemplateExpression,
  type Node,
  type TaggedTemplateExpression,
} from 'typescript/unstable/ast';
import type { Project } from 'typescript/unstable/sync';
import { type Calls, callsOf, elementsOf, type FunctionNode, findFunction, nodesOf, resultOf } from './syntax.ts';

/** A statement as PostgreSQL gets it. One whose conditions choose fragments is there twice: with all of them, and with none. */
export interface Statement {
  node: TaggedTemplateExpression;
  text: string;
  /** What stands in for each parameter: the driver tells its type by it. */
  parameters: (string | Date)[];
}

/** What the parameters of a function stand for in a call. */
type Bindings = ReadonlyMap<string, { value: Expression; bindings: Bindings }>;
const unbound: Bindings = new Map();

const beginsStatement = /^\s*(select|with|insert|update|delete)\b/;
/** The driver's types of what queries are written with, and of their parts. */
const drivers = new Set(['ISql', 'Sql', 'TransactionSql']);
const fragments = new Set(['Fragment', 'PendingQuery']);

export interface Found {
  statements: Statement[];
  /** SQL that is a part of no statement that was found: the check cannot follow how it is used. */
  lost: TaggedTemplateExpression[];
}

export function findStatements(project: Project, fileNames: readonly string[]): Found {
  const files = fileNames.flatMap((name) => project.program.getSourceFile(name) ?? []);
  const found: TaggedTemplateExpression[] = [];
  const followed = new Set<Node>();
  const statements = files.flatMap((file) => {
    const queries = nodesOf(file).filter((node) => isQuery(project, node));
    const calls = callsOf(file);
    found.push(...queries);
    return queries
      .filter((node) => beginsStatement.test(headOf(node)))
      .flatMap((node) =>
        bindingsOf(project, node, calls).flatMap((bindings) => compose(project, node, bindings, followed)),
      );
  });
  return { statements, lost: found.filter((node) => !followed.has(node)) };
}

function isQuery(project: Project, node: Node): node is TaggedTemplateExpression {
  return isTaggedTemplateExpression(node) && isDriver(project, node.tag);
}

function isDriver(project: Project, node: Node): boolean {
  return drivers.has(typeName(project, node));
}

function typeName({ checker }: Project, node: Node): string {
  return checker.getTypeAtLocation(node)?.getSymbol()?.name ?? '';
}

function headOf({ template }: TaggedTemplateExpression): string {
  return isNoSubstitutionTemplateLiteral(template) ? template.text : template.head.text;
}

/** A function that takes a fragment has a statement for each of its calls in the file; any other has one. */
function bindingsOf(project: Project, node: Node, calls: Calls): Bindings[] {
  const inside = findFunction(node);
  const takesFragment = inside?.parameters.some(({ name }) => fragments.has(typeName(project, name)));
  if (inside === undefined || !takesFragment) return [unbound];
  return (calls.get(inside.name?.getText() ?? '') ?? []).map(({ arguments: given }) => bind(inside, given, unbound));
}

function bind(callee: FunctionNode, given: readonly Expression[], bindings: Bindings): Bindings {
  return new Map(
    callee.parameters.flatMap(({ name }, index) => {
      const value = given[index];
      return value && isIdentifier(name) ? [[name.text, { value, bindings }] as const] : [];
    }),
  );
}

function compose(
  project: Project,
  node: TaggedTemplateExpression,
  bindings: Bindings,
  followed: Set<Node>,
): Statement[] {
  const [all, none] = [true, false].map((taken) => {
    const parameters: (string | Date)[] = [];
    return { node, text: expand(node, bindings), parameters };

    function expand(query: TaggedTemplateExpression, within: Bindings): string {
      followed.add(query);
      const { template } = query;
      if (isNoSubstitutionTemplateLiteral(template)) return template.text;
      return template.templateSpans.reduce(
        (text, { expression, literal }) =>
          text + (fragment(expression, within) ?? parameter(expression)) + literal.text,
        template.head.text,
      );
    }

    function parameter(expression: Expression): string {
      const type = project.checker.getTypeAtLocation(expression);
      const isDate = type !== undefined && /\bDate\b/.test(project.checker.typeToString(type));
      return `$${parameters.push(isDate ? new Date(0) : '')}`;
    }

    /** Undefined for a value. */
    function fragment(expression: Expression, within: Bindings): string | undefined {
      if (isQuery(project, expression)) return expand(expression, within);
      if (isConditionalExpression(expression)) {
        const chosen = taken ? expression.whenTrue : expression.whenFalse;
        return fragment(chosen, within) ?? fragment(taken ? expression.whenFalse : expression.whenTrue, within);
      }
      if (isIdentifier(expression)) {
        const bound = within.get(expression.text);
        if (bound) return fragment(bound.value, bound.bindings);
        const { value } = elementsOf(project, expression);
        return value && (isQuery(project, value) || isCallExpression(value)) ? fragment(value, within) : undefined;
      }
      if (!isCallExpression(expression)) return undefined;
      const { expression: callee, arguments: given } = expression;
      const [first] = given;
      if (isPropertyAccessExpression(callee)) {
        return callee.name.text === 'unsafe' && first ? elementsOf(project, first).names.join(', ') : undefined;
      }
      if (!isIdentifier(callee)) return undefined;
      if (isDriver(project, callee)) return first && columns(first);
      const called = resultOf(project, callee);
      return called && fragment(called.result, bind(called.callee, given, within));
    }

    /** A list of names, or an object whose properties are set. */
    function columns(expression: Expression): string {
      const { names } = elementsOf(project, expression);
      if (names.length > 0) return names.map((name) => `"${name}"`).join(', ');
      const type = project.checker.getTypeAtLocation(expression);
      const properties = type ? project.checker.getPropertiesOfType(type) : [];
      return properties.map(({ name }) => `"${name}" = $${parameters.push('')}`).join(', ');
    }
  });
  if (all === undefined || none === undefined) return [];
  return all.text === none.text ? [all] : [all, none];
}
