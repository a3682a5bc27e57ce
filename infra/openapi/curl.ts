// Makes the curl command of an example, for a reader to paste into a shell.
import type { Example, Operation } from './operation.ts';

/** `$API` is where the API is reached, `$TOKEN` an access token. */
export function curl(operation: Operation, { query = {}, headers = {}, basic, json, form, message }: Example): string {
  const { method, path, security, path_parameters = {} } = operation;
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => path_parameters[name]?.example ?? '');
  const asked = new URLSearchParams(query).toString();
  const hasBody = json !== undefined || form !== undefined || message !== undefined;
  const parts = [
    `curl "$API${filled}${asked && `?${asked}`}"`,
    ...(method !== 'GET' && !(method === 'POST' && hasBody) ? [`-X ${method}`] : []),
    ...(security !== null && security !== 'client' ? ['-H "Authorization: Bearer $TOKEN"'] : []),
    ...(basic ? [`-u ${quoted(basic.join(':'))}`] : []),
    ...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(json === undefined
      ? []
      : ["-H 'Content-Type: application/json'", `-d ${quoted(JSON.stringify(json, null, 2))}`]),
    ...(message === undefined
      ? []
      : [`-H 'Content-Type: ${operation.body?.types[0]}'`, `--data-binary ${quoted(message)}`]),
    ...Object.entries(form ?? {}).map(([name, value]) => `--data-urlencode ${quoted(`${name}=${value}`)}`),
  ];
  return parts.join(' \\\n  ');
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
