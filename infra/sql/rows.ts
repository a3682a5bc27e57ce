// Compares the columns that PostgreSQL says a statement gives with the TypeScript type of its rows.
import { type Checker, type Project, type Type, TypeFlags } from 'typescript/unstable/sync';
import type { Statement } from './statements.ts';

export interface Column {
  name: string;
  /** Object id of its type. */
  type: number;
  /** A column of a table that may hold null. */
  nullable: boolean;
}

type Kind = 'string' | 'number' | 'boolean' | 'Date' | 'array' | 'json';

/** What the driver gives for each type, by PostgreSQL's own object ids (pg_type.dat); they never change. */
const kinds: Record<number, Kind> = {
  16: 'boolean',
  20: 'string',
  21: 'number',
  23: 'number',
  25: 'string',
  114: 'json',
  700: 'number',
  701: 'number',
  1009: 'array',
  1043: 'string',
  1184: 'Date',
  1700: 'string',
  2950: 'string',
  2951: 'array',
  3802: 'json',
  3807: 'array',
};

/** What does not fit, one line each. A statement without a type of its rows is not compared. */
export function compareRows({ checker }: Project, { node }: Statement, columns: readonly Column[]): string[] {
  const row = rowType(checker, node.typeArguments?.[0]);
  if (row === undefined) return [];
  const properties = propertiesOf(checker, row);
  const names = new Set(columns.map(({ name }) => name));
  return [
    ...[...properties.keys()].filter((name) => !names.has(name)).map((name) => `${name} is in the type, and no column`),
    ...columns.flatMap((column) => {
      const types = properties.get(column.name);
      return types ? compare(checker, column, types) : [`the column ${column.name} is not in the type`];
    }),
  ];
}

function rowType(checker: Checker, argument: Parameters<Checker['getTypeFromTypeNode']>[0] | undefined) {
  const rows = argument && checker.getTypeFromTypeNode(argument);
  return rows?.isTypeReference() ? checker.getTypeArguments(rows)[0] : undefined;
}

/** By name, what each may be: of a union, what it may be in any of its members. */
function propertiesOf(checker: Checker, row: Type): Map<string, Type[]> {
  const properties = new Map<string, Type[]>();
  for (const member of partsOf(row)) {
    for (const symbol of checker.getPropertiesOfType(member)) {
      const type = checker.getTypeOfSymbol(symbol);
      properties.set(symbol.name, [...(properties.get(symbol.name) ?? []), ...(type ? partsOf(type) : [])]);
    }
  }
  return properties;
}

function partsOf(type: Type): readonly Type[] {
  return type.isUnionType() ? (type.getTypes() ?? []) : [type];
}

function compare(checker: Checker, { name, type, nullable }: Column, parts: Type[]): string[] {
  const isOpen = parts.some(({ flags }) => flags & (TypeFlags.Any | TypeFlags.Unknown));
  if (isOpen) return [];
  const values = parts.filter(({ flags }) => !(flags & (TypeFlags.Null | TypeFlags.Undefined)));
  const said = [...new Set(values.map((value) => kindOf(checker, value)))];
  const kind = kinds[type];
  const faults: string[] = [];
  if (kind === undefined) faults.push(`${name} has a type that infra/sql/rows.ts does not know: ${type}`);
  // JSON may hold anything but a date.
  else if (kind === 'json' ? said.includes('Date') : said.some((one) => one !== kind)) {
    faults.push(`${name} is ${said.join(' | ')} in the type, and comes as ${kind}`);
  }
  if (nullable && values.length === parts.length) faults.push(`${name} may be null`);
  return faults;
}

function kindOf(checker: Checker, type: Type): Kind {
  if (type.flags & TypeFlags.StringLike) return 'string';
  if (type.flags & TypeFlags.NumberLike) return 'number';
  if (type.flags & TypeFlags.BooleanLike) return 'boolean';
  if (checker.isArrayLikeType(type)) return 'array';
  return type.getSymbol()?.name === 'Date' ? 'Date' : 'json';
}
