// The routes for events of providers. They take no token: each call proves itself. Without its setting, a route is not there.
import * as v from 'valibot';
import { clientRoute } from '../../../lib/auth/client-route.ts';
import type { BodyForm } from '../../../lib/http/body-form.ts';
import { type ProviderName, providerNames } from './provider.ts';
import { type EventDependencies, takeEvents } from './take-events.ts';

const route = clientRoute<EventDependencies>();

const mostBytes = 262_144;
const mostBatchBytes = 1_000_000;

const SnsMessage = v.pipe(
  v.record(v.string(), v.unknown()),
  v.title('SnsMessage'),
  v.description('A message of Amazon SNS.'),
);
const ProviderEvent = v.pipe(
  v.record(v.string(), v.unknown()),
  v.title('ProviderEvent'),
  v.description(
    'An event in the form of the provider; of more fields than those of the example, the others are passed over.',
  ),
);
const ProviderEvents = v.pipe(
  v.array(v.record(v.string(), v.unknown())),
  v.title('ProviderEvents'),
  v.description('Events in the form of the provider.'),
);

/** The bytes themselves: what is signed must not be parsed before. */
function bytes(schema: v.GenericSchema, maxBytes: number, types = ['application/json']): BodyForm<Buffer> {
  return { types, schema, maxBytes, parse: (given) => given };
}

const event = bytes(ProviderEvent, mostBytes);

export const providerRoutes = {
  takeSesEvents: route({
    method: 'POST',
    path: '/intake/ses',
    // SNS says text/plain of its JSON, unless a topic is told otherwise.
    body: bytes(SnsMessage, mostBytes, ['text/plain', 'application/json']),
    handle: takeEvents('ses'),
  }),
  takePostmarkEvents: route({ method: 'POST', path: '/intake/postmark', body: event, handle: takeEvents('postmark') }),
  takeMailgunEvents: route({ method: 'POST', path: '/intake/mailgun', body: event, handle: takeEvents('mailgun') }),
  takeSendgridEvents: route({
    method: 'POST',
    path: '/intake/sendgrid',
    body: bytes(ProviderEvents, mostBatchBytes),
    handle: takeEvents('sendgrid'),
  }),
  takeResendEvents: route({ method: 'POST', path: '/intake/resend', body: event, handle: takeEvents('resend') }),
};

/** Those of the routes that are there. */
export function routesOf<Table extends Record<string, { path: string }>>(
  routes: Table,
  providers: Partial<Record<ProviderName, unknown>>,
): Partial<Table> {
  const missing = providerNames.filter((name) => providers[name] === undefined).map((name) => `/intake/${name}`);
  return Object.fromEntries(Object.entries(routes).filter(([, { path }]) => !missing.includes(path))) as Partial<Table>;
}
