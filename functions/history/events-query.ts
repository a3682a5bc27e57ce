// The query parameters of GET /emails/{id}/events.
import * as v from 'valibot';
import { numberedPageParameters } from '../../lib/http/query.ts';

export const EventsQuery = v.strictObject(numberedPageParameters);
