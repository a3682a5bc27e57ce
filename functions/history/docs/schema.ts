// How the reference page says what a value may be.
import type { Schema } from './document.ts';
import { type Html, html, prose } from './html.ts';

/** What a value is, in a line: `string, 998 characters at most`, `Mailbox or list of Mailbox`. */
export function typeOf(schema: Schema): Html {
  const forms = schema.anyOf ?? schema.oneOf;
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
    return html`<a href="#schema-${name}">${name}</a>`;
  }
  if (schema.allOf !== undefined) return html`${joined(schema.allOf.filter(isShown).map(typeOf), ', ')}`;
  if (forms !== undefined) return joined(forms.map(typeOf), ' or ');
  if (schema.const !== undefined) return value(schema.const);
  if (schema.enum !== undefined) return joined(schema.enum.map(value), ', ');
  if (schema.type === 'array') return html`list of ${typeOf(schema.items ?? {})}${limits(schema)}`;
  if (schema.type === 'object' && schema.properties === undefined && typeof schema.additionalProperties === 'object') {
    return html`object of ${typeOf(schema.additionalProperties)}${limits(schema)}`;
  }
  return html`${schema.format ?? schema.contentEncoding ?? schema.type ?? 'anything'}${limits(schema)}`;
}

/** An `allOf` that only narrows the codes of an error says nothing that the line of the status does not. */
function isShown(schema: Schema): boolean {
  return schema.properties === undefined || schema.type !== undefined;
}

function limits(schema: Schema): Html {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems, maxProperties } = schema;
  const words = [
    range(minimum, maximum),
    range(minLength, maxLength, ' characters'),
    range(minItems, maxItems, ' entries'),
    range(undefined, maxProperties, ' entries'),
  ].filter((word) => word !== undefined);
  return words.length === 0 ? html`` : html` <small>(${words.join('; ')})</small>`;
}

function range(least: number | undefined, most: number | undefined, unit = ''): string | undefined {
  if (most === undefined || most === Number.MAX_SAFE_INTEGER) {
    return least === undefined ? undefined : `${least} or more${unit}`;
  }
  return least === undefined ? `${most}${unit} at most` : `${least} to ${most}${unit}`;
}

function value(one: unknown): Html {
  return html`<code>${typeof one === 'string' ? one : JSON.stringify(one)}</code>`;
}

function joined(parts: readonly Html[], between: string): Html {
  return html`${parts.map((part, index) => html`${index > 0 && between}${part}`)}`;
}

/** The fields of an object, with those of the objects in it; nothing for other values. */
export function fieldsOf(schema: Schema): Html | undefined {
  const variants = schema.oneOf?.filter(({ properties }) => properties !== undefined) ?? [];
  if (variants.length > 0) return html`${variants.map((variant) => html`${typeLine(variant)}${fieldsOf(variant)}`)}`;
  if (schema.properties === undefined) return undefined;
  const rows = Object.entries(schema.properties).map(([name, field]) => {
    const isRequired = schema.required?.includes(name);
    return html`<tr><td><code>${name}</code>${isRequired && html` <b class="required">*</b>`}</td>
<td><span class="type">${typeOf(field)}${field.default !== undefined && html` – default: ${value(field.default)}`}</span>
${field.description !== undefined && prose(field.description)}${innerFields(field)}</td></tr>`;
  });
  return html`<table>${rows}</table>`;
}

function typeLine({ properties = {} }: Schema): Html {
  return html`<p class="variant">${value(properties.type?.const ?? '')}</p>`;
}

function innerFields(field: Schema): Html | undefined {
  if (field.$ref !== undefined) return undefined;
  return fieldsOf(field) ?? (field.items && innerFields(field.items));
}
