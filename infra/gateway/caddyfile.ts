// Makes the part of the Caddyfile that routes paths to functions, from the table of routes.ts.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { otherwise, type PublicFunction } from './public-functions.ts';
import { type GatewayRoute, routes, unrouted } from './routes.ts';

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
    handle('', otherwise),
  ].join('\n');
}

/** First the paths that are the function's whatever the method, then those of each method. */
function handlesOf(to: PublicFunction): string[] {
  const own = routes.filter((route) => route.to === to);
  const shared = [...new Set(own.flatMap(({ method }) => method ?? []))];
  const pathsOf = (wanted?: string) => own.filter(({ method }) => method === wanted).map(pattern);
  const always = pathsOf();
  return [
    ...(always.length > 0 ? [`\t@${to} path ${always.join(' ')}\n${handle(`@${to} `, to)}`] : []),
    ...shared.map((method) => {
      const name = `@${to}-${method.toLowerCase()}`;
      const asked = method === 'GET' ? 'GET HEAD' : method;
      const paths = pathsOf(method).join(' ');
      return `\t${name} {\n\t\tmethod ${asked}\n\t\tpath ${paths}\n\t}\n${handle(`${name} `, to)}`;
    }),
  ];
}

function pattern({ path }: GatewayRoute): string {
  return path.replaceAll('{id}', '*');
}

function handle(matcher: string, to: PublicFunction): string {
  return `\thandle ${matcher}{\n\t\treverse_proxy ${to}:8080 {\n\t\t\timport patience\n\t\t}\n\t}\n`;
}
