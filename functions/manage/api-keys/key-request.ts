// What the routes of API keys take.
import * as v from 'valibot';
import { pageParameters } from '../../../lib/http/query.ts';
import { Time } from '../../../lib/http/request-body.ts';
import { boundedList, text } from '../../../lib/http/size-limits.ts';
import { strictObject } from '../../../lib/http/strict-object.ts';
import { maxAddress, normalizeDomain } from '../../../lib/mail/address.ts';
import { normalizeSender } from '../../../lib/mail/sender.ts';
import { keyScopes, maxKeyName, mostKeySenders } from '../../../lib/store/api-keys/api-keys.ts';

const Name = v.pipe(
  text(maxKeyName),
  v.minLength(1, 'must not be empty'),
  v.check((given) => !/[\p{Cc}\u2028\u2029]/u.test(given), 'must not have line breaks or other control characters'),
  v.check((given) => given.isWellFormed(), 'must be well-formed Unicode'),
);

const senderMessage = 'must be an address (a@b.test), a domain (b.test) or its subdomains (*.b.test)';
const Sender = v.pipe(
  text(maxAddress + 2, senderMessage),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const sender = normalizeSender(dataset.value);
    if (sender !== undefined) return sender;
    addIssue({ message: senderMessage });
    return NEVER;
  }),
);

const domainMessage = 'must be the name of a domain such as example.com';
const Domain = v.pipe(
  text(maxAddress, domainMessage),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const domain = normalizeDomain(dataset.value);
    if (domain !== undefined) return domain;
    addIssue({ message: domainMessage });
    return NEVER;
  }),
);

/** Body of `POST /api-keys`: Resend's fields, and ours for what those cannot say. */
export const CreateKeyRequest = strictObject({
  name: Name,
  permission: v.optional(
    v.picklist(['full_access', 'sending_access'], 'must be full_access or sending_access'),
    'full_access',
  ),
  domain_id: v.optional(Domain),
  scopes: v.optional(
    v.pipe(
      boundedList(v.picklist(keyScopes, `must be one of ${keyScopes.join(', ')}`), keyScopes.length),
      v.minLength(1, 'must name at least one scope'),
    ),
  ),
  allowed_senders: v.optional(
    v.pipe(boundedList(Sender, mostKeySenders), v.minLength(1, 'must name at least one sender')),
  ),
  expires_at: v.optional(Time),
});

/** Body of `PATCH /api-keys/{id}`. */
export const RenameKeyRequest = strictObject({ name: Name });

export const KeysQuery = v.strictObject(pageParameters('key'));
