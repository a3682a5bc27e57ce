-- Keys that clients use in place of access tokens. Nothing else changes: bundles of before know nothing of this table.

create table api_keys (
  id              uuid        primary key,
  client_id       text        not null references clients (client_id) on delete cascade,
  name            text        not null check (length(name) between 1 and 100),
  hash            text        not null unique check (hash ~ '^[A-Za-z0-9_-]{43}$'),
  start           text        not null check (length(start) between 10 and 30),
  scopes          text[]      not null check (scopes <@ array['basic', 'email', 'emails:send'] and cardinality(scopes) > 0),
  allowed_senders text[]      check (cardinality(allowed_senders) between 1 and 50),
  made_with       uuid,
  created_at      timestamptz not null default now(),
  expires_at      timestamptz,
  last_used_at    timestamptz
);
create index api_keys_by_client on api_keys (client_id, id);

comment on table  api_keys                 is 'API keys of clients. What a key may do is the part of this that its client may do, too. A key that is revoked is deleted.';
comment on column api_keys.name            is 'What its client or the operator calls it; several may have one name.';
comment on column api_keys.hash            is 'SHA-256 of the key in base64url. The key has more than 128 random bits, so nobody finds it by trying, and no slow hash is needed.';
comment on column api_keys.start           is 'What the key begins with: its prefix and 8 of its 32 random characters, by which people recognise it.';
comment on column api_keys.scopes          is 'Scopes of access tokens; emails:send is the part of email that sends.';
comment on column api_keys.allowed_senders is 'Whom its emails may be from, within what its client may: as clients.allowed_senders. Null: as its client.';
comment on column api_keys.made_with       is 'The API key that it was made with, which may be gone; null: an access token, or the operator.';
comment on column api_keys.expires_at      is 'Null: it is good until it is revoked.';
comment on column api_keys.last_used_at    is 'To the hour: it is written once in that time.';
