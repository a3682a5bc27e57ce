// The query parameters of GET /webhooks/{id}/deliveries, checked all at once.
import * as v from 'valibot';
import { pageParameters } from '../../../lib/http/query.ts';
import { deliveryStatuses } from '../../../lib/store/webhooks/webhook.ts';

export const ListDeliveriesQuery = v.strictObject({
  status: v.optional(v.picklist(deliveryStatuses, `must be one of ${deliveryStatuses.join(', ')}`)),
  ...pageParameters('delivery'),
});
