// The operations of API keys.
import * as v from 'valibot';
import { CreateKeyRequest, RenameKeyRequest } from '../../../functions/manage/api-keys/key-request.ts';
import { keyScopes } from '../../../lib/store/api-keys/api-keys.ts';
import { type Call, type Documentation, exampleKeyId, exampleTimes, type Prose } from '../operation.ts';
import { answered } from './deliveries.ts';
import { described, kind, pageDescriptions, pageOf, text, time, timeOrNull } from './fields.ts';

const keyId = described(v.pipe(v.string(), v.uuid()), 'Id of the key.');
const fields = {
  object: kind('api_key'),
  id: keyId,
  name: text('What it is called.'),
  start: text('What the key begins with: enough to recognise it.'),
  scopes: described(v.array(v.picklist(keyScopes)), 'What it may do, as far as its client may.'),
  allowed_senders: described(
    v.nullable(v.array(v.string())),
    'Whom its emails may be from, within what its client may: addresses, domains, `*.` and a domain; null: as its client.',
  ),
  made_with: described(v.nullable(v.pipe(v.string(), v.uuid())), 'The API key that it was made with, if any.'),
  created_at: time('When it was made.'),
  expires_at: timeOrNull('When it ends; null: not before it is deleted.'),
  last_used_at: timeOrNull('When it was last used, to the hour; null: never.'),
};
const ApiKey = v.pipe(v.strictObject(fields), v.title('ApiKey'));
const NewApiKey = v.pipe(
  v.strictObject({ ...fields, token: text('The key: send it as `Authorization: Bearer …`. It is shown this once.') }),
  v.title('NewApiKey'),
);

const exampleKey = {
  object: 'api_key',
  id: exampleKeyId,
  name: 'newsletter',
  start: 're_fZ3kQ7wT',
  scopes: ['emails:send'],
  allowed_senders: ['example.com'],
  made_with: null,
  created_at: '2026-01-31T12:00:00.000Z',
  expires_at: null,
  last_used_at: '2026-01-31T12:00:00.000Z',
};
const exampleToken = 're_fZ3kQ7wT_9pXvB2mLc4RnYh8KsDqWj5Ga';

async function givenKey(call: Call) {
  const { id } = await call('POST', '/api-keys', { name: 'newsletter', permission: 'sending_access' });
  return { [exampleKeyId]: id };
}

const idParameter = {
  id: { description: 'Id of the key.', schema: v.pipe(v.string(), v.uuid()), example: exampleKeyId },
};

export const apiKeyDocs = {
  createApiKey: {
    tag: 'API keys',
    summary: 'Make an API key',
    description:
      'A key serves wherever an access token does, and need not be renewed. It may do no more than what it is made with: fewer scopes, fewer senders, an earlier end. Limits are those of its client. A client has 100 at most; making one deletes those that have expired.',
    errors: ['missing_required_field', 'invalid_from_address'],
    answers: {
      201: answered('It is there.', NewApiKey, { ...exampleKey, last_used_at: null, token: exampleToken }),
    },
    examples: [
      { summary: 'For all that I may', json: { name: 'backend' }, status: 201 },
      {
        summary: 'For sending from one domain',
        json: { name: 'newsletter', permission: 'sending_access', domain_id: 'example.com' },
        status: 201,
      },
      {
        summary: 'For sending and reading, from one address, until then',
        json: {
          name: 'campaign',
          scopes: ['basic', 'emails:send'],
          allowed_senders: ['news@example.com'],
          expires_at: exampleTimes.later,
        },
        status: 201,
      },
    ],
  },
  listApiKeys: {
    tag: 'API keys',
    summary: 'List API keys',
    description: 'All of the client, the newest first. The keys themselves are not kept.',
    query: pageDescriptions,
    answers: {
      200: answered('A page of them.', v.pipe(pageOf(ApiKey), v.title('ApiKeyPage')), {
        object: 'list',
        data: [exampleKey],
        has_more: false,
        next_after: null,
      }),
    },
    examples: [{ summary: 'The newest', given: givenKey, query: { limit: '10' }, status: 200 }],
  },
  renameApiKey: {
    tag: 'API keys',
    summary: 'Rename an API key',
    description: 'What a key may do does not change: make another one for that.',
    errors: ['missing_required_field'],
    path_parameters: idParameter,
    answers: {
      200: answered('It is called that.', v.strictObject({ object: kind('api_key'), id: keyId }), {
        object: 'api_key',
        id: exampleKeyId,
      }),
    },
    examples: [{ summary: 'Another name', given: givenKey, json: { name: 'newsletter 2026' }, status: 200 }],
  },
  deleteApiKey: {
    tag: 'API keys',
    summary: 'Revoke an API key',
    description: 'It is refused at once. Keys that were made with it stay good.',
    path_parameters: idParameter,
    answers: {
      200: answered(
        'It is of no use any more.',
        v.strictObject({
          object: kind('api_key'),
          id: keyId,
          deleted: described(v.literal(true), 'That it is gone.'),
        }),
        { object: 'api_key', id: exampleKeyId, deleted: true },
      ),
    },
    examples: [{ summary: 'This one', given: givenKey, status: 200 }],
  },
} satisfies Record<string, Documentation>;

export const apiKeyProse: Prose[] = [
  {
    schema: CreateKeyRequest,
    name: 'CreateApiKeyRequest',
    description: 'What is to be called how, and what it may do.',
    fields: {
      name: 'What it is called; several may have one name.',
      permission:
        '`full_access`: all scopes of who makes it. `sending_access`: `emails:send`, which sends and does nothing else.',
      domain_id:
        'The name of a domain: it may send from its addresses alone. Domains have no other ids here. As `allowed_senders` with this one.',
      scopes: 'Its scopes, in place of `permission`.',
      allowed_senders:
        'Whom its emails may be from: addresses (`a@b.test`), domains (`b.test`), their subdomains (`*.b.test`). Without: as who makes it.',
      expires_at: 'When it ends. Without: as the key that makes it, or never.',
    },
  },
  {
    schema: RenameKeyRequest,
    name: 'RenameApiKeyRequest',
    fields: { name: 'What it is called from now on.' },
  },
];
