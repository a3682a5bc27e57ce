-- The memory of the email API. Statuses are CHECKs, not enums, so that a later migration can add one in a transaction.

create table clients (
  client_id              text        primary key check (client_id ~ '^[A-Za-z0-9._-]{1,100}$'),
  scopes                 text[]      not null check (scopes <@ array['basic', 'email'] and cardinality(scopes) > 0),
  public_keys            jsonb       not null default '[]' check (jsonb_typeof(public_keys) = 'array'),
  token_lifetime_seconds integer     check (token_lifetime_seconds between 60 and 86400),
  created_at             timestamptz not null default now(),
  disabled_at            timestamptz
);
comment on table  clients                        is 'OAuth2 clients that may ask for access tokens.';
comment on column clients.scopes                 is 'Scopes that the client may ask for.';
comment on column clients.public_keys            is 'List of public JWKs that verify its assertions (private_key_jwt, RFC 7523).';
comment on column clients.token_lifetime_seconds is 'How long its tokens live; null: as the setting of the token function says.';
comment on column clients.disabled_at            is 'Since when the client gets no more tokens and those it has are refused; null while it is enabled.';

create table client_secrets (
  id           bigint      generated always as identity primary key,
  client_id    text        not null references clients (client_id) on delete cascade,
  secret_hash  text        not null,
  created_at   timestamptz not null default now(),
  expires_at   timestamptz,
  last_used_at timestamptz
);
create index client_secrets_client_id on client_secrets (client_id);
comment on table  client_secrets              is 'Secrets of clients, several at a time while one takes the place of another.';
comment on column client_secrets.secret_hash  is 'scrypt hash of the secret: $scrypt$ln=…,r=…,p=…$salt$hash (PHC string format). The secrets of one client share their salt, so that a guess costs one scrypt however many there are.';
comment on column client_secrets.expires_at   is 'Of no use from then on; null: until it is removed.';
comment on column client_secrets.last_used_at is 'Within the hour: written once an hour at most, to show when an old secret is no longer in use.';

create table used_assertions (
  client_id  text        not null references clients (client_id) on delete cascade,
  jti        text        not null check (length(jti) between 1 and 256),
  expires_at timestamptz not null,
  primary key (client_id, jti)
);
create index used_assertions_expires_at on used_assertions (expires_at);
comment on table  used_assertions            is 'Assertions with which clients have authenticated: each is good once (RFC 7523 §3).';
comment on column used_assertions.expires_at is 'When the assertion is refused for its age anyway: the row is of no use after that.';

create table revoked_tokens (
  jti        uuid        primary key,
  expires_at timestamptz not null
);
create index revoked_tokens_expires_at on revoked_tokens (expires_at);
comment on table  revoked_tokens            is 'Access tokens revoked before their expiry (RFC 7009).';
comment on column revoked_tokens.expires_at is 'When the token would have expired by itself: the row is of no use after that.';

create table emails (
  id              uuid        primary key,
  client_id       text        not null references clients (client_id),
  status          text        not null check (status in ('scheduled', 'queued', 'sending', 'deferred', 'sent', 'bounced',
                                                         'failed', 'unknown', 'canceled', 'expired', 'suppressed')),
  lane            text        not null default 'transactional' check (lane in ('transactional', 'bulk')),
  delivery        text        not null default 'at_least_once' check (delivery in ('at_least_once', 'at_most_once')),
  sender          text        not null,
  recipients      text[]      not null check (cardinality(recipients) > 0),
  subject         text        not null,
  tags            jsonb       not null default '[]',
  message_id      text        not null,
  settled         jsonb       not null default '{}',
  attempts        integer     not null default 0,
  due_at          timestamptz,
  queued_at       timestamptz,
  data_started_at timestamptz,
  accepted_at     timestamptz not null default now(),
  wanted_at       timestamptz not null default now(),
  scheduled_at    timestamptz,
  expires_at      timestamptz,
  finished_at     timestamptz,
  erased_at       timestamptz,
  last_reply      text,
  traceparent     text,
  -- No dead end: an email is at its end, or it says when relay must look at it again.
  constraint emails_due_or_finished check ((due_at is null) = (finished_at is not null)),
  constraint emails_end_is_finished check ((finished_at is not null) =
    (status in ('sent', 'bounced', 'failed', 'unknown', 'canceled', 'expired', 'suppressed'))),
  constraint emails_erased_is_finished check (erased_at is null or finished_at is not null)
);
create index emails_due_at     on emails (due_at) where due_at is not null;
create index emails_client_id  on emails (client_id, id);
create index emails_recipients on emails using gin (recipients);
create index emails_tags       on emails using gin (tags jsonb_path_ops) where tags <> '[]';
comment on table  emails                 is 'One row an accepted email: its envelope and what became of it. This row is the truth; queue messages only carry its id.';
comment on column emails.id              is 'UUIDv7, made by the send function.';
comment on column emails.lane            is 'Which queue carries it.';
comment on column emails.delivery        is 'What to do when an attempt ends without a known outcome: try again (at_least_once) or stop (at_most_once).';
comment on column emails.sender          is 'Envelope sender (MAIL FROM).';
comment on column emails.recipients      is 'Envelope recipients (RCPT TO): to, cc and bcc, without duplicates.';
comment on column emails.tags            is 'What its client calls it, to find it by: [{"name": "campaign", "value": "spring"}].';
comment on column emails.message_id      is 'Message-ID header, the same in every attempt.';
comment on column emails.settled         is 'Recipients that are at their end: {"a@example.com": {"status": "sent", "code": 250, …}}.';
comment on column emails.attempts        is 'Attempts begun. With the status it fences writers: a worker whose lease was taken away changes nothing.';
comment on column emails.due_at          is 'When relay must act: publish the id (again), take back a lost lease, release a retry or a scheduled email. Null at the end.';
comment on column emails.queued_at       is 'When the email last became queued.';
comment on column emails.data_started_at is 'When the present attempt began to transmit the message (at_most_once only): from then on, the outcome of a lost attempt is unknown.';
comment on column emails.wanted_at       is 'When delivery was first wanted: accepted, scheduled or replayed. The age at which it is given up counts from here.';
comment on column emails.scheduled_at    is 'The time its client asked for; null: at once.';
comment on column emails.expires_at      is 'Not to be delivered later than this.';
comment on column emails.erased_at       is 'When a recipient was erased from it: what it said is gone, and nothing that quotes an address is written to it any more.';
comment on column emails.traceparent     is 'W3C trace context of the request that brought it.';
comment on column emails.last_reply      is 'Last reply of an SMTP relay, or why there was none.';

create table idempotency_keys (
  client_id   text        not null references clients (client_id),
  key         text        not null check (length(key) between 1 and 256),
  fingerprint text        not null,
  email_ids   uuid[]      not null,
  created_at  timestamptz not null default now(),
  primary key (client_id, key)
);
create index idempotency_keys_created_at on idempotency_keys (created_at);
comment on table  idempotency_keys             is 'Requests that must have their effect once, committed with it; purged after a day.';
comment on column idempotency_keys.fingerprint is 'SHA-256 of the request body: the same key with another body is a mistake of the client.';
comment on column idempotency_keys.email_ids   is 'The emails that the first request with this key brought.';

create table email_contents (
  email_id       uuid  primary key references emails (id) on delete cascade,
  headers        jsonb not null,
  custom_headers jsonb not null default '{}',
  text_body      text,
  html_body      text,
  attachments    jsonb not null default '[]',
  metadata       jsonb not null default '{}'
);
comment on table  email_contents             is 'What an email says; written once, apart from its status, so that status updates stay small and contents can be purged on their own.';
comment on column email_contents.headers        is 'from, to, cc, bcc and reply_to as lists of {email, name}.';
comment on column email_contents.custom_headers is 'Headers that the client added: {"X-Order": "7"}.';
comment on column email_contents.attachments    is 'List of {filename, content (base64), content_type, content_id, size (bytes)}.';
comment on column email_contents.metadata       is 'What its client noted on it: {"order": "7"}.';

create table email_events (
  id       bigint      generated always as identity,
  email_id uuid        not null references emails (id) on delete cascade,
  at       timestamptz not null default clock_timestamp(),
  type     text        not null check (type in ('accepted', 'queued', 'attempt', 'sent', 'deferred', 'bounced', 'failed',
                                                'unknown', 'canceled', 'expired', 'suppressed', 'rescheduled', 'replayed')),
  detail   jsonb       not null default '{}',
  primary key (email_id, id)
);
comment on table  email_events        is 'What happened to an email, one row a step, never changed but by the erasure of a recipient.';
comment on column email_events.type   is 'attempt: one conversation with one SMTP relay. queued: put on the queue again by relay. The others: the status the email came to.';
comment on column email_events.detail is 'attempt: {attempt, relay, ms, code, enhanced_code, reply, …}; queued: {reason}.';
