// What callers note on an email for themselves: tags, to find it by, and metadata, to link it to their own data.
import * as v from 'valibot';
import { isObject, refusing, selectSchema } from '../../lib/http/select-schema.ts';
import { boundedList, firstFault, stringMap } from '../../lib/http/size-limits.ts';
import { strictObject } from '../../lib/http/strict-object.ts';
import { headerText, isOneLine } from './header-text.ts';

const maxTags = 50;
const maxTagName = 128;
const maxTagValue = 256;
const maxEntries = 50;
const maxMetadataName = 64;
const maxMetadataValue = 500;

const TagName = firstFault(
  v.pipe(
    headerText(maxTagName),
    v.nonEmpty('must not be empty'),
    // `GET /emails?tag=name:value` tells the two apart by it.
    v.regex(/^[^:]*$/, 'must not have a colon'),
  ),
);
export const TagObject = strictObject({ name: TagName, value: v.optional(headerText(maxTagValue), '') });
const BareTag = v.pipe(
  TagName,
  v.transform((name) => ({ name, value: '' })),
);
type TagOf = { name: string; value: string };
const neither = refusing<TagOf>('must be a name, or an object {name, value}');
const Tag = selectSchema(
  (input) =>
    (typeof input === 'string' ? BareTag : isObject(input) ? TagObject : neither) as v.GenericSchema<unknown, TagOf>,
  v.union([TagName, TagObject]),
);

/** `["a"]` and `[{name, value}]`; one without a value has an empty one. */
export const Tags = boundedList(Tag, maxTags);

const metadataName = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/** What is wrong with an entry of metadata; undefined if nothing is. */
export function metadataFault(name: string, value: string): string | undefined {
  if (!metadataName.test(name))
    return `has a name that is not 1 to ${maxMetadataName} letters, digits, dots, hyphens and underscores`;
  if (!isOneLine(value)) return 'must not have line breaks or other control characters';
  return value.isWellFormed() ? undefined : 'must be well-formed Unicode';
}

export const Metadata = stringMap(maxEntries, metadataFault, { name: metadataName, maxLength: maxMetadataValue });
