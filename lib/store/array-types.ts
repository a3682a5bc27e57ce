// The array types of our columns and parameters, as the PostgreSQL driver is told them.

/** Object ids of PostgreSQL's own types (pg_type.dat); they never change. */
const textArray = 1009;
const uuidArray = 2951;
const jsonbArray = 3807;

/**
 * Told, not fetched: left to itself, the driver asks the server at every connect, and when that connection is lost in this
 * very moment the failure is nobody's, which ends the process. A column of another array type is to be added here.
 */
export const arrayTypes = {
  textArray: { to: textArray, from: [textArray], serialize: toArrayText, parse: parseArrayText },
  uuidArray: { to: uuidArray, from: [uuidArray], serialize: toArrayText, parse: parseArrayText },
  jsonbArray: {
    to: jsonbArray,
    from: [jsonbArray],
    serialize: (values: readonly unknown[]) => toArrayText(values.map((value) => JSON.stringify(value))),
    parse: (text: string): unknown[] => parseArrayText(text).map((element) => JSON.parse(element)),
  },
};

export function toArrayText(elements: readonly string[]): string {
  return `{${elements.map((element) => `"${element.replace(/[\\"]/g, '\\$&')}"`).join(',')}}`;
}

/** Of one dimension and without nulls, as all of ours are. */
export function parseArrayText(text: string): string[] {
  return [...text.slice(1, -1).matchAll(/"((?:[^"\\]|\\.)*)"|[^,]+/gs)].map(([bare, quoted]) =>
    quoted === undefined ? bare : quoted.replace(/\\(.)/gs, '$1'),
  );
}
