// Makes the part of the Caddyfile that routes paths to functions, from the table of routes.ts.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { allowed } from '../../lib/http/route.ts';
import { otherwise, type PublicFunction } from './public-functions.ts';
import { type GatewayRoute, patternOf, routes, type SharedPath, sharedPaths, unrouted } from './routes.ts';

export const caddyfile = fileURLToPath(new URL('Caddyfile', import.meta.url));

const begin = '\t# Made by `npm run generate`, up to the end of it.\n';
const end = '\t# The end of what is made.\n';

/** The file's text with the present table. */
export function caddyfileText(): string {
  const [before, made, after] = readFileSync(caddyfile, 'utf8').split(new RegExp(`${begin}|${end}`));
  if (before === undefined || made === undefined || after === undefined) throw new Error('the marks are gone');
  return before + begin + table() + end + after;
}

function table(): string {
  const functions = [...new Set(routes.map(({ to }) => to))];
  return [
    `\t# For whoever runs the functions, not for their clients.\n\t@unrouted path ${unrouted.join(' ')}\n\thandle @unrouted {\n\t\terror 404\n\t}\n`,
    ...functions.flatMap((to) => handlesOf(to)),
    ...sharedPaths.map(refusal),
    handle('', otherwise),
  ].join('\n');
}

/** First the paths that are the function's whatever the method, then those of each method. */
function handlesOf(to: PublicFunction): string[] {
  const own = routes.filter((route) => route.to === to);
  const shared = [...new Set(own.flatMap(({ method }) => method ?? []))];
  const always = own.filter(({ method }) => method === undefined).map(pattern);
  return [
    ...(always.length > 0 ? [`\t@${to} path ${always.join(' ')}\n${handle(`@${to} `, to)}`] : []),
    ...shared.map((method) => {
      const name = `@${to}-${method.toLowerCase()}`;
      const asked = method === 'GET' ? 'GET HEAD' : method;
      // Exactly these: what `path` has at its end, stands for any number of segments.
      const paths = own.filter((route) => route.method === method).map(patternOf);
      return `\t${name} {\n\t\tmethod ${asked}\n\t\tpath_regexp ${paths.join('|')}\n\t}\n${handle(`${name} `, to)}`;
    }),
  ];
}

/** What `refusedWith` says: `handle_errors` sets the header. */
function refusal({ path, methods }: SharedPath, index: number): string {
  const name = `@shared-${index + 1}`;
  const allow = allowed(methods);
  const matcher = `\t${name} {\n\t\tpath_regexp ${patternOf({ path })}\n\t\tnot method ${allow.replaceAll(',', '')}\n\t}\n`;
  return `${matcher}\thandle ${name} {\n\t\tvars allow "${allow}"\n\t\terror 405\n\t}\n`;
}

function pattern({ path }: GatewayRoute): string {
  return path.replaceAll('{id}', '*');
}

function handle(matcher: string, to: PublicFunction): string {
  return `\thandle ${matcher}{\n\t\treverse_proxy ${to}:8080 {\n\t\t\timport patience\n\t\t}\n\t}\n`;
}
