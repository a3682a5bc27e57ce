// A schema chosen by the look of what came, so that its faults are those of the form the caller meant, not of all forms.
import * as v from 'valibot';

/** `plain` says the same without choosing: it is what the API's document is made of (infra/openapi). */
export function selectSchema<Output>(
  choose: (input: unknown) => v.GenericSchema<unknown, Output>,
  plain: v.GenericSchema,
) {
  return Object.assign(v.lazy(choose), { plain });
}
