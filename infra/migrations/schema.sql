-- The schema after all migrations: read this first. The numbered files beside it are what `migrate` applies; nothing applies this one.
-- Which function may do what with it stands in grants.ts.
-- `npm run generate` makes it from PostgreSQL's catalogs (pg_get_constraintdef and the like), and a test fails when it is stale.
-- It is not made by pg_dump, which no package for Node brings; the test builds a database from it and finds the same schema.

create table clients (
  client_id              text not null,
  scopes                 text[] not null,
  public_keys            jsonb not null default '[]'::jsonb,
  token_lifetime_seconds integer,
  created_at             timestamptz not null default now(),
  disabled_at            timestamptz,
  allowed_senders        text[],
  rate_per_second        double precision,
  daily_quota            integer,
  relay_headers          boolean not null default false,
  constraint clients_pkey PRIMARY KEY (client_id),
  constraint clients_allowed_senders_check CHECK (cardinality(allowed_senders) > 0),
  constraint clients_client_id_check CHECK (client_id ~ '^[A-Za-z0-9._-]{1,100}$'::text),
  constraint clients_daily_quota_check CHECK (daily_quota > 0),
  constraint clients_public_keys_check CHECK (jsonb_typeof(public_keys) = 'array'::text),
  constraint clients_rate_per_second_check CHECK (rate_per_second >= 0.001::double precision AND rate_per_second <= 1000000::double precision),
  constraint clients_scopes_check CHECK (scopes <@ ARRAY['basic'::text, 'email'::text, 'intake:write'::text] AND cardinality(scopes) > 0),
  constraint clients_token_lifetime_seconds_check CHECK (token_lifetime_seconds >= 60 AND token_lifetime_seconds <= 86400)
);
comment on table clients is 'OAuth2 clients that may ask for access tokens.';
comment on column clients.scopes is 'Scopes that the client may ask for.';
comment on column clients.public_keys is 'List of public JWKs that verify its assertions (private_key_jwt, RFC 7523).';
comment on column clients.token_lifetime_seconds is 'How long its tokens live; null: as the setting of the token function says.';
comment on column clients.disabled_at is 'Since when the client gets no more tokens and those it has are refused; null while it is enabled.';
comment on column clients.allowed_senders is 'Whom its emails may be from: addresses (a@b.test), domains (b.test) and their subdomains (*.b.test), in lower case; null: anybody.';
comment on column clients.rate_per_second is 'Emails that it may hand in a second; null: any number.';
comment on column clients.daily_quota is 'Emails that it may hand in a day (UTC); null: any number.';
comment on column clients.relay_headers is 'Whether its emails may have headers that relays take as orders (X-SMTPAPI, X-SES-…): they act on the operator''s account.';

create table client_secrets (
  id           bigint not null generated always as identity,
  client_id    text not null,
  secret_hash  text not null,
  created_at   timestamptz not null default now(),
  expires_at   timestamptz,
  last_used_at timestamptz,
  constraint client_secrets_pkey PRIMARY KEY (id),
  constraint client_secrets_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients(client_id) ON DELETE CASCADE
);
CREATE INDEX client_secrets_client_id ON client_secrets USING btree (client_id);
comment on table client_secrets is 'Secrets of clients, several at a time while one takes the place of another.';
comment on column client_secrets.secret_hash is 'scrypt hash of the secret: $scrypt$ln=…,r=…,p=…$salt$hash (PHC string format). The secrets of one client share their salt, so that a guess costs one scrypt however many there are.';
comment on column client_secrets.expires_at is 'Of no use from then on; null: until it is removed.';
comment on column client_secrets.last_used_at is 'Within the hour: written once an hour at most, to show when an old secret is no longer in use.';

create table used_assertions (
  client_id  text not null,
  jti        text not null,
  expires_at timestamptz not null,
  constraint used_assertions_pkey PRIMARY KEY (client_id, jti),
  constraint used_assertions_jti_check CHECK (length(jti) >= 1 AND length(jti) <= 256),
  constraint used_assertions_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients(client_id) ON DELETE CASCADE
);
CREATE INDEX used_assertions_expires_at ON used_assertions USING btree (expires_at);
comment on table used_assertions is 'Assertions with which clients have authenticated: each is good once (RFC 7523 §3).';
comment on column used_assertions.expires_at is 'When the assertion is refused for its age anyway: the row is of no use after that.';

create table revoked_tokens (
  jti        uuid not null,
  expires_at timestamptz not null,
  constraint revoked_tokens_pkey PRIMARY KEY (jti)
);
CREATE INDEX revoked_tokens_expires_at ON revoked_tokens USING btree (expires_at);
comment on table revoked_tokens is 'Access tokens revoked before their expiry (RFC 7009).';
comment on column revoked_tokens.expires_at is 'When the token would have expired by itself: the row is of no use after that.';

create table emails (
  id              uuid not null,
  client_id       text not null,
  status          text not null,
  lane            text not null default 'transactional'::text,
  delivery        text not null default 'at_least_once'::text,
  sender          text not null,
  recipients      text[] not null,
  subject         text not null,
  tags            jsonb not null default '[]'::jsonb,
  message_id      text not null,
  settled         jsonb not null default '{}'::jsonb,
  attempts        integer not null default 0,
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
  reported        boolean not null default false,
  constraint emails_pkey PRIMARY KEY (id),
  constraint emails_delivery_check CHECK (delivery = ANY (ARRAY['at_least_once'::text, 'at_most_once'::text])),
  constraint emails_due_or_finished CHECK ((due_at IS NULL) = (finished_at IS NOT NULL)),
  constraint emails_end_is_finished CHECK ((finished_at IS NOT NULL) = (status = ANY (ARRAY['sent'::text, 'bounced'::text, 'failed'::text, 'unknown'::text, 'canceled'::text, 'expired'::text, 'suppressed'::text, 'delivered'::text, 'complained'::text]))),
  constraint emails_erased_is_finished CHECK (erased_at IS NULL OR finished_at IS NOT NULL),
  constraint emails_lane_check CHECK (lane = ANY (ARRAY['transactional'::text, 'bulk'::text])),
  constraint emails_recipients_check CHECK (cardinality(recipients) > 0),
  constraint emails_status_check CHECK (status = ANY (ARRAY['scheduled'::text, 'queued'::text, 'sending'::text, 'deferred'::text, 'sent'::text, 'bounced'::text, 'failed'::text, 'unknown'::text, 'canceled'::text, 'expired'::text, 'suppressed'::text, 'delivered'::text, 'complained'::text]))
);
CREATE INDEX emails_client_id ON emails USING btree (client_id, id);
CREATE INDEX emails_due_at ON emails USING btree (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX emails_due_by_client ON emails USING btree (client_id, due_at) WHERE status = ANY (ARRAY['scheduled'::text, 'deferred'::text]);
CREATE INDEX emails_tags ON emails USING gin (tags jsonb_path_ops) WHERE tags <> '[]'::jsonb;
CREATE INDEX emails_waiting ON emails USING btree (lane, client_id, id) WHERE status = 'queued'::text AND queued_at IS NULL;
comment on table emails is 'One row an accepted email: its envelope and what became of it. This row is the truth; queue messages only carry its id.';
comment on column emails.id is 'UUIDv7, made by the send function.';
comment on column emails.lane is 'Which queue carries it.';
comment on column emails.delivery is 'What to do when an attempt ends without a known outcome: try again (at_least_once) or stop (at_most_once).';
comment on column emails.sender is 'Envelope sender (MAIL FROM).';
comment on column emails.recipients is 'Envelope recipients (RCPT TO): to, cc and bcc, without duplicates.';
comment on column emails.tags is 'What its client calls it, to find it by: [{"name": "campaign", "value": "spring"}].';
comment on column emails.message_id is 'Message-ID header, the same in every attempt.';
comment on column emails.settled is 'Recipients that are at their end: {"a@example.com": {"status": "sent", "code": 250, …}}; reports move it on to delivered, bounced or complained.';
comment on column emails.attempts is 'Attempts begun. With the status it fences writers: a worker whose lease was taken away changes nothing.';
comment on column emails.due_at is 'When dispatch must act: publish the id (again), take back a lost lease, release a retry or a scheduled email. Null at the end.';
comment on column emails.queued_at is 'When the email last got its place on the queue. Null while it is queued: it waits for a place there, as its client has many before it.';
comment on column emails.data_started_at is 'When the present attempt began to transmit the message (at_most_once only): from then on, the outcome of a lost attempt is unknown.';
comment on column emails.wanted_at is 'When delivery was first wanted: accepted, scheduled or replayed. The age at which it is given up counts from here.';
comment on column emails.scheduled_at is 'The time its client asked for; null: at once.';
comment on column emails.expires_at is 'Not to be delivered later than this.';
comment on column emails.erased_at is 'When a recipient was erased from it: what it said is gone, and nothing that quotes an address is written to it any more.';
comment on column emails.last_reply is 'Last reply of an SMTP relay, or why there was none.';
comment on column emails.traceparent is 'W3C trace context of the request that brought it.';
comment on column emails.reported is 'Reports came before its end: whatever changes it next, they count. A trigger sees to it.';

create table idempotency_keys (
  client_id   text not null,
  key         text not null,
  fingerprint text not null,
  email_ids   uuid[] not null,
  created_at  timestamptz not null default now(),
  constraint idempotency_keys_pkey PRIMARY KEY (client_id, key),
  constraint idempotency_keys_key_check CHECK (length(key) >= 1 AND length(key) <= 256),
  constraint idempotency_keys_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients(client_id)
);
CREATE INDEX idempotency_keys_created_at ON idempotency_keys USING btree (created_at);
comment on table idempotency_keys is 'Requests that must have their effect once, committed with it; purged after a day.';
comment on column idempotency_keys.fingerprint is 'SHA-256 of the request body: the same key with another body is a mistake of the client.';
comment on column idempotency_keys.email_ids is 'The emails that the first request with this key brought.';

create table email_contents (
  email_id       uuid not null,
  headers        jsonb not null,
  custom_headers jsonb not null default '{}'::jsonb,
  text_body      text,
  html_body      text,
  attachments    jsonb not null default '[]'::jsonb,
  metadata       jsonb not null default '{}'::jsonb,
  template       jsonb,
  constraint email_contents_pkey PRIMARY KEY (email_id)
);
comment on table email_contents is 'What an email says; written once, apart from its status, so that status updates stay small and contents can be purged on their own.';
comment on column email_contents.headers is 'from, to, cc, bcc and reply_to as lists of {email, name}.';
comment on column email_contents.custom_headers is 'Headers that the client added: {"X-Order": "7"}.';
comment on column email_contents.attachments is 'List of {filename, content_type, content_id, size (bytes)}. Rows from before migration 0010 have content (base64), too, which is in email_attachments since.';
comment on column email_contents.metadata is 'What its client noted on it: {"order": "7"}.';
comment on column email_contents.template is 'The template it was rendered from: {"id": …, "name": "welcome", "version": 3}; null: none.';

create table email_events (
  id       bigint not null generated always as identity,
  email_id uuid not null,
  at       timestamptz not null default clock_timestamp(),
  type     text not null,
  detail   jsonb not null default '{}'::jsonb,
  constraint email_events_pkey PRIMARY KEY (email_id, id),
  constraint email_events_type_check CHECK (type = ANY (ARRAY['accepted'::text, 'queued'::text, 'attempt'::text, 'sent'::text, 'deferred'::text, 'bounced'::text, 'failed'::text, 'unknown'::text, 'canceled'::text, 'expired'::text, 'suppressed'::text, 'rescheduled'::text, 'replayed'::text, 'delivered'::text, 'delayed'::text, 'complained'::text]))
);
comment on table email_events is 'What happened to an email, one row a step, never changed but by the erasure of a recipient.';
comment on column email_events.type is 'attempt: one conversation with one SMTP relay. queued: put on the queue again by dispatch. The others: the status the email came to.';
comment on column email_events.detail is 'attempt: {attempt, relay, ms, code, enhanced_code, reply, …}; queued: {reason}; of a report: {recipient, source, code, …}.';

create table allowances (
  client_id   text not null,
  tokens      double precision not null,
  refilled_at timestamptz not null default clock_timestamp(),
  day         date not null default ((clock_timestamp() AT TIME ZONE 'utc'::text))::date,
  used_today  integer not null default 0,
  constraint allowances_pkey PRIMARY KEY (client_id),
  constraint allowances_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients(client_id) ON DELETE CASCADE
) with (fillfactor=50);
comment on table allowances is 'What clients have used of their limits: one row a client that has some, changed with every group of its emails that is accepted.';
comment on column allowances.tokens is 'Emails left in the bucket of its rate when it was last filled; below 0 after a batch that was larger than that.';
comment on column allowances.refilled_at is 'When that was.';
comment on column allowances.day is 'The day (UTC) that used_today counts.';
comment on column allowances.used_today is 'Emails accepted on that day.';

create table suppressions (
  client_id  text not null,
  recipient  text not null,
  reason     text not null,
  email_id   uuid,
  detail     text,
  created_at timestamptz not null default now(),
  id         uuid not null default gen_random_uuid(),
  constraint suppressions_pkey PRIMARY KEY (client_id, recipient),
  constraint suppressions_reason_check CHECK (reason = ANY (ARRAY['hard_bounce'::text, 'complaint'::text, 'manual'::text])),
  constraint suppressions_recipient_check CHECK (recipient = lower(recipient)),
  constraint suppressions_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients(client_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX suppressions_id ON suppressions USING btree (client_id, id);
comment on table suppressions is 'Recipients to whom a client sends no more.';
comment on column suppressions.recipient is 'The address, all of it in lower case.';
comment on column suppressions.reason is 'hard_bounce: a relay or a report said that the address takes no mail. manual: its client or the operator said so. complaint: its owner wants no such mail.';
comment on column suppressions.email_id is 'The email that bounced; it may have been purged since.';
comment on column suppressions.detail is 'What the relay said.';
comment on column suppressions.id is 'What it is called where an address may not stand.';

create table webhooks (
  id              uuid not null,
  client_id       text not null,
  url             text not null,
  events          text[] not null,
  secrets         jsonb not null,
  created_at      timestamptz not null default now(),
  quiet_until     timestamptz,
  last_success_at timestamptz,
  last_failure_at timestamptz,
  disabled_at     timestamptz,
  disabled_reason text,
  constraint webhooks_pkey PRIMARY KEY (id),
  constraint webhooks_disabled_for_a_reason CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL)),
  constraint webhooks_events_check CHECK (cardinality(events) > 0 AND events <@ ARRAY['*'::text, 'email.accepted'::text, 'email.queued'::text, 'email.attempt'::text, 'email.sent'::text, 'email.deferred'::text, 'email.bounced'::text, 'email.failed'::text, 'email.unknown'::text, 'email.canceled'::text, 'email.expired'::text, 'email.suppressed'::text, 'email.rescheduled'::text, 'email.replayed'::text, 'email.delivered'::text, 'email.delayed'::text, 'email.complained'::text, 'email.scheduled'::text, 'email.delivery_delayed'::text, 'email.opened'::text, 'email.clicked'::text, 'email.received'::text]),
  constraint webhooks_secrets_check CHECK (jsonb_typeof(secrets) = 'array'::text AND jsonb_array_length(secrets) >= 1 AND jsonb_array_length(secrets) <= 5),
  constraint webhooks_url_check CHECK (length(url) >= 1 AND length(url) <= 2000),
  constraint webhooks_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients(client_id)
);
CREATE INDEX webhooks_client_id ON webhooks USING btree (client_id, id);
comment on table webhooks is 'Endpoints of clients that are told what happens to their emails (Standard Webhooks 1.0.0).';
comment on column webhooks.id is 'UUIDv7, made by the manage function.';
comment on column webhooks.events is 'Types it is told of; * stands for all of ours but email.attempt. Of Resend''s, email.scheduled and email.delivery_delayed are told of with ours, as is email.delivered where no provider tells of deliveries; of the others nothing is known here.';
comment on column webhooks.secrets is 'Newest first: [{"secret": "whsec_…", "expires_at": null}]. As they are, since every delivery is signed with them; those that have expired sign nothing.';
comment on column webhooks.quiet_until is 'It asked (Retry-After) to be left alone until then.';
comment on column webhooks.last_success_at is 'When it last took a delivery; written every few seconds at most.';
comment on column webhooks.last_failure_at is 'When it last failed to. While that is later than last_success_at, few deliveries are tried at once.';
comment on column webhooks.disabled_at is 'Since when it is told nothing; null while it is enabled.';
comment on column webhooks.disabled_reason is 'Why: its client said so, it answered 410, or nothing got through for days.';

create table webhook_deliveries (
  id               uuid not null,
  webhook_id       uuid not null,
  email_id         uuid,
  event_id         bigint,
  type             text not null,
  status           text not null default 'pending'::text,
  attempts         integer not null default 0,
  due_at           timestamptz default now(),
  queued_at        timestamptz,
  created_at       timestamptz not null default now(),
  wanted_at        timestamptz not null default now(),
  finished_at      timestamptz,
  last_attempt_at  timestamptz,
  last_status_code integer,
  last_reason      text,
  last_ms          integer,
  constraint webhook_deliveries_pkey PRIMARY KEY (id),
  constraint webhook_deliveries_due_or_finished CHECK ((due_at IS NULL) = (finished_at IS NOT NULL)),
  constraint webhook_deliveries_end_is_finished CHECK ((finished_at IS NOT NULL) = (status = ANY (ARRAY['delivered'::text, 'failed'::text]))),
  constraint webhook_deliveries_of_an_event CHECK ((email_id IS NULL) = (event_id IS NULL)),
  constraint webhook_deliveries_status_check CHECK (status = ANY (ARRAY['pending'::text, 'delivering'::text, 'delivered'::text, 'failed'::text])),
  constraint webhook_deliveries_email_id_fkey FOREIGN KEY (email_id) REFERENCES emails(id) ON DELETE CASCADE,
  constraint webhook_deliveries_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES webhooks(id) ON DELETE CASCADE
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries USING btree (webhook_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX webhook_deliveries_email_id ON webhook_deliveries USING btree (email_id);
CREATE INDEX webhook_deliveries_examples ON webhook_deliveries USING btree (webhook_id, created_at) WHERE email_id IS NULL;
CREATE INDEX webhook_deliveries_queued ON webhook_deliveries USING btree (webhook_id) WHERE queued_at IS NOT NULL;
CREATE INDEX webhook_deliveries_webhook_id ON webhook_deliveries USING btree (webhook_id, id);
comment on table webhook_deliveries is 'One row an event and endpoint. What it says is read from the event when it is told.';
comment on column webhook_deliveries.id is 'UUIDv7; the webhook-id header, the same in every attempt.';
comment on column webhook_deliveries.email_id is 'The email and its event that it tells of; null: an example that its client asked for.';
comment on column webhook_deliveries.type is 'As in email.bounced.';
comment on column webhook_deliveries.attempts is 'Attempts begun. It fences writers: a worker whose lease was taken away changes nothing.';
comment on column webhook_deliveries.due_at is 'When dispatch must publish the id (again): a first or further attempt, a lost publish, a lost worker. Null at the end.';
comment on column webhook_deliveries.queued_at is 'Since when it is on the queue or with a worker; null while it waits for its time.';
comment on column webhook_deliveries.wanted_at is 'When it was first wanted: the event, or a replay. The schedule of its attempts counts from here.';
comment on column webhook_deliveries.last_status_code is 'HTTP status of the last answer; null if none came.';
comment on column webhook_deliveries.last_reason is 'Why the last attempt failed, in our words: what an endpoint answers is not kept.';
comment on column webhook_deliveries.last_ms is 'How long the last attempt took.';

create table templates (
  id         uuid not null,
  client_id  text not null,
  name       text not null,
  version    integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  title      text,
  constraint templates_pkey PRIMARY KEY (id),
  constraint templates_client_id_name_key UNIQUE (client_id, name),
  constraint templates_name_check CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$'::text),
  constraint templates_title_check CHECK (length(title) >= 1 AND length(title) <= 200),
  constraint templates_version_check CHECK (version > 0),
  constraint templates_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients(client_id) ON DELETE CASCADE
);
CREATE INDEX templates_client_id ON templates USING btree (client_id, id);
comment on table templates is 'Templates of clients. A deleted one is gone with its versions: what was sent with it was stored as it was sent.';
comment on column templates.id is 'UUIDv7, made by the manage function.';
comment on column templates.name is 'How requests name it; never in the form of an id.';
comment on column templates.version is 'The newest version, used where a request names none.';
comment on column templates.updated_at is 'When the newest version was made.';
comment on column templates.title is 'What it is called where that cannot be its name, as with spaces in it; null: by its name.';

create table template_versions (
  template_id uuid not null,
  version     integer not null,
  subject     text not null,
  text        text,
  html        text,
  variables   jsonb not null,
  created_at  timestamptz not null default now(),
  constraint template_versions_pkey PRIMARY KEY (template_id, version),
  constraint template_versions_has_content CHECK (text IS NOT NULL OR html IS NOT NULL),
  constraint template_versions_version_check CHECK (version > 0),
  constraint template_versions_template_id_fkey FOREIGN KEY (template_id) REFERENCES templates(id) ON DELETE CASCADE
);
comment on table template_versions is 'Versions of templates, in Liquid; each is written once and never changed.';
comment on column template_versions.version is 'From 1, without gaps.';
comment on column template_versions.subject is 'Rendered as text, as is the column text.';
comment on column template_versions.html is 'Rendered as HTML: what variables say is escaped unless the filter raw asks for less.';
comment on column template_versions.variables is 'Variables that it uses: {"required": […], "optional": […]}; with "declared", those that its client told of: [{"key", "type", "fallback_value"}].';

create table dkim_keys (
  domain      text not null,
  selector    text not null,
  private_key text not null,
  active      boolean not null default false,
  created_at  timestamptz not null default now(),
  constraint dkim_keys_pkey PRIMARY KEY (domain, selector),
  constraint dkim_keys_domain_check CHECK (domain ~ '^([a-z0-9_-]{1,63}\.)+[a-z0-9-]{1,63}$'::text AND length(domain) <= 253),
  constraint dkim_keys_private_key_check CHECK (private_key ~~ '-----BEGIN PRIVATE KEY-----%'::text),
  constraint dkim_keys_selector_check CHECK (selector ~ '^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*$'::text AND length(selector) <= 120)
);
CREATE UNIQUE INDEX dkim_keys_active ON dkim_keys USING btree (domain) WHERE active;
comment on table dkim_keys is 'DKIM keys of sender domains, several selectors of a domain while one takes the place of another. What is removed is deleted.';
comment on column dkim_keys.domain is 'The domain that signs (d=), in lower case and ASCII. It also signs for its subdomains that have no active key of their own.';
comment on column dkim_keys.selector is 'Which key of the domain (s=): the public key is the TXT record <selector>._domainkey.<domain>.';
comment on column dkim_keys.private_key is 'RSA key, PKCS#8 as PEM, not encrypted: who reads this table can sign as the domain.';
comment on column dkim_keys.active is 'Signs. One a domain; a new key does not, so that it can be in DNS before it does.';
comment on column dkim_keys.created_at is 'When the key was made.';

create table email_attachments (
  email_id   uuid not null,
  "position" smallint not null,
  chunk      smallint not null,
  data       text storage external not null,
  constraint email_attachments_pkey PRIMARY KEY (email_id, "position", chunk)
);
comment on table email_attachments is 'Bytes of attachments, in chunks that a worker holds one by one. Written with the contents of their email, deleted with them by a trigger.';
comment on column email_attachments."position" is 'Which of email_contents.attachments, from 0.';
comment on column email_attachments.chunk is 'From 0. Each has 8,192 lines, the last one what is left.';
comment on column email_attachments.data is 'Base64 in lines of 76 characters with CRLF between them (RFC 2045 §6.8): as it goes on the wire.';

create table client_counts (
  client_id           text not null,
  manual_suppressions integer not null default 0,
  constraint client_counts_pkey PRIMARY KEY (client_id),
  constraint client_counts_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients(client_id) ON DELETE CASCADE
) with (fillfactor=50);
comment on table client_counts is 'How much of something a client has, where counting the rows would take long; kept by triggers. A client without a row has none.';
comment on column client_counts.manual_suppressions is 'Suppressions that were made by hand. Those of bounces are not bounded: each costs an email.';

create table api_keys (
  id              uuid not null,
  client_id       text not null,
  name            text not null,
  hash            text not null,
  start           text not null,
  scopes          text[] not null,
  allowed_senders text[],
  made_with       uuid,
  created_at      timestamptz not null default now(),
  expires_at      timestamptz,
  last_used_at    timestamptz,
  constraint api_keys_pkey PRIMARY KEY (id),
  constraint api_keys_hash_key UNIQUE (hash),
  constraint api_keys_allowed_senders_check CHECK (cardinality(allowed_senders) >= 1 AND cardinality(allowed_senders) <= 50),
  constraint api_keys_hash_check CHECK (hash ~ '^[A-Za-z0-9_-]{43}$'::text),
  constraint api_keys_name_check CHECK (length(name) >= 1 AND length(name) <= 100),
  constraint api_keys_scopes_check CHECK (scopes <@ ARRAY['basic'::text, 'email'::text, 'emails:send'::text] AND cardinality(scopes) > 0),
  constraint api_keys_start_check CHECK (length(start) >= 10 AND length(start) <= 30),
  constraint api_keys_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients(client_id) ON DELETE CASCADE
);
CREATE INDEX api_keys_by_client ON api_keys USING btree (client_id, id);
comment on table api_keys is 'API keys of clients. What a key may do is the part of this that its client may do, too. A key that is revoked is deleted.';
comment on column api_keys.name is 'What its client or the operator calls it; several may have one name.';
comment on column api_keys.hash is 'SHA-256 of the key in base64url. The key has more than 128 random bits, so nobody finds it by trying, and no slow hash is needed.';
comment on column api_keys.start is 'What the key begins with: its prefix and 8 of its 32 random characters, by which people recognise it.';
comment on column api_keys.scopes is 'Scopes of access tokens; emails:send is the part of email that sends.';
comment on column api_keys.allowed_senders is 'Whom its emails may be from, within what its client may: as clients.allowed_senders. Null: as its client.';
comment on column api_keys.made_with is 'The API key that it was made with, which may be gone; null: an access token, or the operator.';
comment on column api_keys.expires_at is 'Null: it is good until it is revoked.';
comment on column api_keys.last_used_at is 'To the hour: it is written once in that time.';

create table email_reports (
  email_id    uuid not null,
  recipient   text not null,
  kind        text not null,
  round       integer not null,
  client_id   text not null,
  reported_at timestamptz not null default clock_timestamp(),
  hard        boolean not null,
  detail      jsonb not null,
  waits       boolean not null,
  constraint email_reports_pkey PRIMARY KEY (email_id, recipient, kind, round),
  constraint email_reports_kind_check CHECK (kind = ANY (ARRAY['delivered'::text, 'delayed'::text, 'bounced'::text, 'complained'::text]))
);
CREATE INDEX email_reports_by_client ON email_reports USING btree (client_id, email_id);
comment on table email_reports is 'What was reported of recipients, each thing once. Deleted with their emails by a trigger, with a recipient by its erasure.';
comment on column email_reports.recipient is 'As emails.recipients has it.';
comment on column email_reports.round is 'How many replays of the email were attempted before: what is reported after another one is news.';
comment on column email_reports.client_id is 'Whose email it is.';
comment on column email_reports.hard is 'The address takes no mail.';
comment on column email_reports.detail is 'What its event says.';
comment on column email_reports.waits is 'It came while an attempt was under way, and counts once that is recorded.';

create table deliveries_reported (
  only_row boolean not null default true,
  last_at  timestamptz not null,
  constraint deliveries_reported_pkey PRIMARY KEY (only_row),
  constraint deliveries_reported_only_row_check CHECK (only_row)
);
comment on table deliveries_reported is 'Whether a provider tells of deliveries: email.delivered is told with these alone then. One row at most.';
comment on column deliveries_reported.last_at is 'When one last did; written once an hour at most.';

CREATE OR REPLACE FUNCTION public.allowance_now(client text)
 RETURNS TABLE(rate double precision, capacity double precision, tokens double precision, quota integer, used_today integer, day_ends_in_s double precision, seen_at timestamp with time zone)
 LANGUAGE sql
AS $function$
  select c.rate_per_second, bucket.capacity,
         least(bucket.capacity,
               coalesce(a.tokens, bucket.capacity)
                 + c.rate_per_second * greatest(coalesce(extract(epoch from clock.now - a.refilled_at), 0), 0)),
         c.daily_quota, case when a.day >= clock.today then a.used_today else 0 end,
         extract(epoch from ((clock.today + 1)::timestamp at time zone 'utc') - clock.now), clock.now
  from (select now, (now at time zone 'utc')::date as today from clock_timestamp() now) clock,
       clients c left join allowances a using (client_id),
       lateral (select case when c.rate_per_second is not null then greatest(c.rate_per_second, 1) end as capacity) bucket
  where c.client_id = client and (c.rate_per_second is not null or c.daily_quota is not null)
$function$;
comment on function allowance_now(text) is 'What is left of a client''s limits, without taking anything.';

CREATE OR REPLACE FUNCTION public.take_allowances(client_ids text[], keys text[], costs integer[])
 RETURNS TABLE(request integer, refused text, rate double precision, capacity double precision, tokens double precision, quota integer, used_today integer, day_ends_in_s double precision)
 LANGUAGE plpgsql
AS $function$
declare
  client text;
  allowance record;
begin
  for client in
    select c.client_id from clients c
    where c.client_id = any(client_ids) and (c.rate_per_second is not null or c.daily_quota is not null)
    order by c.client_id
  loop
    insert into allowances (client_id, tokens)
    select c.client_id, greatest(c.rate_per_second, 1) from clients c where c.client_id = client
    on conflict do nothing;
    perform from allowances a where a.client_id = client for update;
    -- Only now, so that it is what the one before has left.
    select * into allowance from allowance_now(client);
    -- Its limits were taken away in this very moment.
    continue when not found;

    for request in select position from unnest(client_ids) with ordinality as each(id, position) where id = client order by position
    loop
      if keys[request] is not null
         and exists (select from idempotency_keys k where k.client_id = client and k.key = keys[request]) then
        refused := null;
      elsif allowance.used_today + costs[request] > allowance.quota then
        refused := 'quota';
      elsif allowance.tokens < 1 then
        refused := 'rate';
      else
        refused := null;
        allowance.tokens := allowance.tokens - costs[request];
        allowance.used_today := allowance.used_today + costs[request];
      end if;
      rate := allowance.rate;
      capacity := allowance.capacity;
      tokens := allowance.tokens;
      quota := allowance.quota;
      used_today := allowance.used_today;
      day_ends_in_s := allowance.day_ends_in_s;
      return next;
    end loop;

    update allowances a
    set tokens = coalesce(allowance.tokens, 1), refilled_at = allowance.seen_at,
        day = (allowance.seen_at at time zone 'utc')::date, used_today = allowance.used_today
    where a.client_id = client;
  end loop;
end
$function$;
comment on function take_allowances(text[],text[],integer[]) is 'Takes what requests cost from the limits of their clients, and says for each whether it fits, and what is left. Clients without limits have no row in the answer.';

CREATE OR REPLACE FUNCTION public.uuid_v7()
 RETURNS uuid
 LANGUAGE sql
AS $function$
  select encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
    placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6), 52, 1), 53, 1), 'hex')::uuid
$function$;
comment on function uuid_v7() is 'A UUIDv7 (RFC 9562 §5.7) of this millisecond.';

CREATE OR REPLACE FUNCTION public.tell_webhooks()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
declare
  mails  uuid[];
  owners text[];
begin
  -- All that it costs where there are none.
  if not exists (select from webhooks) then return null; end if;
  -- Arrays tell the planner how few rows they are: of the new events alone it expects a thousand, and might read whole tables for them.
  mails  := array(select email_id from new_events);
  owners := array(select distinct client_id from emails where id = any(mails));
  if not exists (select from webhooks where client_id = any(owners) and disabled_at is null) then return null; end if;
  insert into webhook_deliveries (id, webhook_id, email_id, event_id, type)
  select uuid_v7(), webhooks.id, event.email_id, event.id, told.type
  from new_events event
  join emails on emails.id = event.email_id and emails.id = any(mails)
  -- The second name is Resend's, and only for who asks by it.
  cross join lateral (values
    ('email.' || event.type, event.type <> 'attempt'),
    (case
       -- Where nobody tells of deliveries, what a relay took is the nearest to it.
       when event.type = 'sent' and not exists (select from deliveries_reported where last_at > now() - interval '7 days') then 'email.delivered'
       when event.type in ('deferred', 'delayed') then 'email.delivery_delayed'
       when event.type = 'accepted' and event.detail ->> 'status' = 'scheduled' then 'email.scheduled'
     end, false)) told(type, by_star)
  join webhooks on webhooks.client_id = emails.client_id and webhooks.client_id = any(owners) and webhooks.disabled_at is null
    and ((told.by_star and '*' = any(webhooks.events)) or told.type = any(webhooks.events))
  order by event.id, webhooks.id
  -- One that is being deleted is waited for, and then not found; the foreign key alone would fail what brought the event.
  for key share of webhooks;
  return null;
end $function$;
comment on function tell_webhooks() is 'Makes a delivery of each new event for each endpoint that wants it, so that nobody who writes events has to think of it.';
revoke execute on function tell_webhooks() from public;

CREATE OR REPLACE FUNCTION public.delete_with_emails()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  -- An array tells the planner how few they are.
  ids uuid[] := array(select id from deleted_emails);
begin
  delete from email_contents where email_id = any(ids);
  delete from email_events where email_id = any(ids);
  delete from email_reports where email_id = any(ids);
  return null;
end $function$;
comment on function delete_with_emails() is 'Deletes the contents, events and reports of deleted emails.';

CREATE OR REPLACE FUNCTION public.keep_clients_with_emails()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if exists (select from emails where client_id = old.client_id) then
    raise foreign_key_violation using message = format('client %s has emails: disable it', old.client_id);
  end if;
  return old;
end $function$;
comment on function keep_clients_with_emails() is 'Refuses to delete a client that has emails.';

CREATE OR REPLACE FUNCTION public.delete_with_contents()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  -- An array tells the planner how few they are.
  ids uuid[] := array(select email_id from deleted_contents);
begin
  delete from email_attachments where email_id = any(ids);
  return null;
end $function$;
comment on function delete_with_contents() is 'Deletes the attachments of deleted contents.';

CREATE OR REPLACE FUNCTION public.rotate_webhook_secret(client text, webhook uuid, new_secret text, keep_seconds double precision, most_earlier integer)
 RETURNS boolean
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  update webhooks
  set secrets = jsonb_build_array(jsonb_build_object('secret', new_secret, 'expires_at', null)) || (
    select coalesce(jsonb_agg(jsonb_build_object('secret', earlier -> 'secret', 'expires_at', expires_at) order by position), '[]')
    from (
      select earlier, position,
             least((earlier ->> 'expires_at')::timestamptz, now() + keep_seconds * interval '1 second') as expires_at
      from jsonb_array_elements(secrets) with ordinality each(earlier, position)
    ) kept
    where expires_at > now() and position <= most_earlier)
  where id = webhook and client_id = client
  returning true
$function$;
comment on function rotate_webhook_secret(text,uuid,text,double precision,integer) is 'Puts a new secret before those of a client''s endpoint, which it does not tell. Null: the client has no such endpoint.';
revoke execute on function rotate_webhook_secret(text,uuid,text,double precision,integer) from public;

CREATE OR REPLACE FUNCTION public.count_suppressions()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if tg_op = 'DELETE' then
    update client_counts set manual_suppressions = manual_suppressions - 1 where client_id = old.client_id;
  else
    insert into client_counts as counts (client_id, manual_suppressions) values (new.client_id, 1)
    on conflict (client_id) do update set manual_suppressions = counts.manual_suppressions + 1;
  end if;
  return null;
end $function$;
comment on function count_suppressions() is 'Keeps client_counts.manual_suppressions.';

CREATE OR REPLACE FUNCTION public.address_keys(addresses text[])
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$
  select string_to_array(lower(array_to_string(addresses, e'\n')), e'\n')
$function$;
comment on function address_keys(text[]) is 'Addresses in the form in which they are compared: all of each in lower case. None has a line end in it.';

CREATE OR REPLACE FUNCTION public.status_rank(status text)
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  select case status when 'sent' then 1 when 'delivered' then 2 when 'bounced' then 3 when 'complained' then 4 when 'suppressed' then 4 else 0 end
$function$;
comment on function status_rank(text) is 'How far on a recipient is: reports only move it on, and an email is where the least of its recipients is. Who is suppressed decides nothing.';
revoke execute on function status_rank(text) from public;

CREATE OR REPLACE FUNCTION public.report_round(mail emails)
 RETURNS integer
 LANGUAGE sql
 STABLE
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select count(*)::integer from email_events replayed
  where replayed.email_id = mail.id and replayed.type = 'replayed'
    and (mail.status = 'sending' or exists (
      select from email_events later
      where later.email_id = mail.id and later.id > replayed.id
        and (later.type in ('attempt', 'unknown') or (later.type = 'queued' and later.detail ->> 'reason' = 'lease_expired'))))
$function$;
comment on function report_round(emails) is 'How many replays of an email have been attempted.';
revoke execute on function report_round(emails) from public;

CREATE OR REPLACE FUNCTION public.use_reports(mail_id uuid)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
declare
  mail       emails;
  report     record;
  outcomes   jsonb;
  present    jsonb;
  reached    text;
  least_rank integer;
  is_open    boolean;
  this_round integer;
begin
  select * into mail from emails where id = mail_id for update;
  if not found or mail.status = 'sending' then return; end if;
  outcomes := mail.settled;
  this_round := report_round(mail);
  -- Whether the reports decide where it ends. Nothing else settles `unknown`.
  is_open := mail.status in ('queued', 'deferred', 'unknown');

  for report in
    update email_reports set waits = false where email_id = mail_id and waits
    returning *
  loop
    insert into email_events (email_id, type, detail) values (mail_id, report.kind, report.detail);
    if report.kind = 'complained' or report.hard then
      insert into suppressions (client_id, recipient, reason, email_id, detail)
      values (mail.client_id, lower(report.recipient), case when report.kind = 'complained' then 'complaint' else 'hard_bounce' end, mail_id,
              nullif(concat_ws(' ', report.detail ->> 'code', report.detail ->> 'enhanced_code', report.detail ->> 'reply'), ''))
      on conflict do nothing;
    end if;
    -- It may be about what was sent before a replay that nobody has attempted yet.
    continue when report.round < this_round or (is_open and mail.status <> 'unknown' and exists (
      select from email_events replayed where replayed.email_id = mail_id and replayed.type = 'replayed'
      offset this_round));
    present := outcomes -> report.recipient;
    if present is null and is_open then
      -- The relay took the message, and so for all that it had accepted in the same attempts, of which nobody knew how they ended.
      outcomes := outcomes || (
        select coalesce(jsonb_object_agg(other, jsonb_build_object('status', 'sent', 'code', null, 'enhanced_code', null, 'reply', null)), '{}')
        from unnest(mail.recipients) other
        where other <> report.recipient and not outcomes ? other and (
          select coalesce(bool_and(coalesce(detail -> 'recipients' ->> other, '') = 'unknown'), false) from email_events
          where email_id = mail_id and type = 'attempt' and detail -> 'recipients' ->> report.recipient = 'unknown'));
    end if;
    reached := case report.kind when 'delayed' then 'sent' else report.kind end;
    continue when status_rank(reached) <= status_rank(present ->> 'status');
    outcomes := outcomes || jsonb_build_object(report.recipient,
      case when reached = 'bounced' or present is null
           then jsonb_build_object('status', reached, 'code', report.detail -> 'code', 'enhanced_code', report.detail -> 'enhanced_code',
                                   'reply', report.detail -> 'reply')
           else present || jsonb_build_object('status', reached) end);
  end loop;

  select min(status_rank(coalesce(outcomes -> recipient ->> 'status', case when is_open then '' else mail.status end)))
  into least_rank from unnest(mail.recipients) recipient;
  reached := case when is_open and least_rank > 0 or mail.status in ('sent', 'delivered', 'bounced') and least_rank > status_rank(mail.status)
               then (array['sent', 'delivered', 'bounced', 'complained'])[least_rank] end;
  if reached is null and outcomes = mail.settled and mail.reported = (mail.finished_at is null) then return; end if;
  update emails
  set settled = outcomes,
      status = coalesce(reached, status),
      due_at = case when reached is null then due_at end,
      finished_at = case when reached is null then finished_at else coalesce(finished_at, now()) end,
      last_reply = case when reached = 'bounced' then coalesce((select concat_ws(' ', outcome ->> 'code', outcome ->> 'enhanced_code', outcome ->> 'reply')
                                                             from jsonb_each(outcomes) as each(recipient, outcome)
                                                             where outcome ->> 'status' = 'bounced' and outcome ->> 'reply' is not null limit 1), last_reply)
                        else last_reply end,
      reported = reached is null and finished_at is null
  where id = mail_id and status = mail.status;
  if reached = 'sent' then
    insert into email_events (email_id, type, detail) values (mail_id, 'sent', '{"reason": "a report shows that a relay has it"}');
  end if;
end $function$;
comment on function use_reports(uuid) is 'Records the reports of an email that wait: the event of each, and what they make of its recipients and of its status.';
revoke execute on function use_reports(uuid) from public;

CREATE OR REPLACE FUNCTION public.use_kept_reports()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
  perform use_reports(new.id);
  return null;
end $function$;
comment on function use_kept_reports() is 'Has reports count that came before the end of their email.';
revoke execute on function use_kept_reports() from public;

CREATE OR REPLACE FUNCTION public.take_reports(reports jsonb)
 RETURNS TABLE(place integer, outcome text)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
declare
  ids    uuid[] := array(select distinct (report ->> 'email_id')::uuid from jsonb_array_elements(reports) report);
  report record;
  mail   emails;
  who    text;
begin
  -- Always in this order, so that two groups with the same emails cannot deadlock.
  perform from emails where id = any(ids) order by id for update;
  for report in
    select * from jsonb_to_recordset(reports) as given(
      place integer, email_id uuid, message_id text, keys text[], may_be_other boolean, kind text, hard boolean, tells_deliveries boolean, detail jsonb)
    order by given.place
  loop
    place := report.place;
    select * into mail from emails where id = report.email_id;
    -- Of one that was erased nothing is written any more, and nobody can report of one that was never attempted.
    if not found or mail.attempts = 0 or mail.erased_at is not null or lower(mail.message_id) <> lower(report.message_id) then
      outcome := 'unknown_email';
      return next;
      continue;
    end if;
    who := (select recipient from unnest(mail.recipients) recipient
            where address_keys(array[recipient]) && address_keys(report.keys) limit 1);
    -- Passed on by the only recipient to somebody else, or told without a name.
    if who is null and report.may_be_other and cardinality(mail.recipients) = 1 then who := mail.recipients[1]; end if;
    if who is null then
      outcome := 'unknown_recipient';
      return next;
      continue;
    end if;
    insert into email_reports (email_id, recipient, kind, round, client_id, hard, detail, waits)
    values (mail.id, who, report.kind, report_round(mail), mail.client_id, report.hard, jsonb_build_object('recipient', who) || report.detail, true)
    on conflict do nothing;
    if not found then
      outcome := 'repeated';
    elsif mail.status = 'sending' then
      -- The attempt is not disturbed.
      update emails set reported = true where id = mail.id and not reported;
      outcome := 'kept';
    else
      perform use_reports(mail.id);
      outcome := 'recorded';
    end if;
    if outcome <> 'repeated' and report.tells_deliveries
       and not exists (select from deliveries_reported where last_at > now() - interval '1 hour') then
      insert into deliveries_reported (last_at) values (now()) on conflict (only_row) do update set last_at = now();
    end if;
    return next;
  end loop;
end $function$;
comment on function take_reports(jsonb) is 'Records reports, each once, in one transaction with what follows of them; says of each what became of it.';
revoke execute on function take_reports(jsonb) from public;

CREATE INDEX emails_recipient_keys ON emails USING gin (address_keys(recipients));

CREATE TRIGGER count_added_suppressions AFTER INSERT ON suppressions FOR EACH ROW WHEN (new.reason = 'manual'::text) EXECUTE FUNCTION count_suppressions();
CREATE TRIGGER count_removed_suppressions AFTER DELETE ON suppressions FOR EACH ROW WHEN (old.reason = 'manual'::text) EXECUTE FUNCTION count_suppressions();
CREATE TRIGGER delete_with_contents AFTER DELETE ON email_contents REFERENCING OLD TABLE AS deleted_contents FOR EACH STATEMENT EXECUTE FUNCTION delete_with_contents();
CREATE TRIGGER delete_with_emails AFTER DELETE ON emails REFERENCING OLD TABLE AS deleted_emails FOR EACH STATEMENT EXECUTE FUNCTION delete_with_emails();
CREATE TRIGGER keep_clients_with_emails BEFORE DELETE ON clients FOR EACH ROW EXECUTE FUNCTION keep_clients_with_emails();
CREATE TRIGGER tell_webhooks AFTER INSERT ON email_events REFERENCING NEW TABLE AS new_events FOR EACH STATEMENT EXECUTE FUNCTION tell_webhooks();
CREATE TRIGGER use_kept_reports AFTER UPDATE ON emails FOR EACH ROW WHEN (new.reported AND new.status <> 'sending'::text) EXECUTE FUNCTION use_kept_reports();
