// The array types of our columns and parameters, for the PostgreSQL driver.

/** Object ids of PostgreSQL's own types (pg_type.dat); they never change. */
const textArray = 1009;
const uuidArray = 2951;
const jsonbArray = 3807;

/**
 * By itself, the driver fetches these types from the server at every connect. If the connection is lost at that moment, nobody
 * handles the failure, and the process ends. If a column has another array type, add it here.
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

/** Parses arrays of one dimension without nulls; we have no others. */
export function parseArrayText(text: string): string[] {
  return [...text.slice(1, -1).matchAll(/"((?:[^"\\]|\\.)*)"|[^,]+/gs)].map(([bare, quoted]) =>
    quoted === undefined ? bare : quoted.replace(/\\(.)/gs, '$1'),
  );
}
