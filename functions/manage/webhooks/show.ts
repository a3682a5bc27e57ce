// How endpoints and deliveries are shown to their clients.
import type { Delivery } from '../../../lib/store/webhooks/deliveries.ts';
import type { Endpoint } from '../../../lib/store/webhooks/endpoints.ts';

/** With what Resend calls the same. */
export function showEndpoint(endpoint: Endpoint) {
  const status = endpoint.disabled_at === null ? 'enabled' : 'disabled';
  return { object: 'webhook', ...endpoint, endpoint: endpoint.url, status };
}

export function showDelivery({ due_at, ...delivery }: Delivery) {
  // While a worker holds it, the time is the end of the lease, which clients need not see.
  return { object: 'webhook_delivery', ...delivery, next_attempt_at: delivery.status === 'pending' ? due_at : null };
}
