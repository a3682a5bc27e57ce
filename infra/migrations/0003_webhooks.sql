-- Webhooks: who is told of events, and the deliveries that tell them. A delivery is born with its event, in the same transaction.

create table webhooks (
  id              uuid        primary key,
  client_id       text        not null references clients (client_id),
  url             text        not null check (length(url) between 1 and 2000),
  events          text[]      not null check (cardinality(events) > 0 and events <@ array[
    '*', 'email.accepted', 'email.queued', 'email.attempt', 'email.sent', 'email.deferred', 'email.bounced', 'email.failed',
    'email.unknown', 'email.canceled', 'email.expired', 'email.suppressed', 'email.rescheduled', 'email.replayed']),
  secrets         jsonb       not null check (jsonb_typeof(secrets) = 'array' and jsonb_array_length(secrets) between 1 and 5),
  created_at      timestamptz not null default now(),
  quiet_until     timestamptz,
  last_success_at timestamptz,
  last_failure_at timestamptz,
  disabled_at     timestamptz,
  disabled_reason text,
  constraint webhooks_disabled_for_a_reason check ((disabled_at is null) = (disabled_reason is null))
);
create index webhooks_client_id on webhooks (client_id, id);
comment on table  webhooks                 is 'Endpoints of clients that are told what happens to their emails (Standard Webhooks 1.0.0).';
comment on column webhooks.id              is 'UUIDv7, made by the manage function.';
comment on column webhooks.events          is 'Types it is told of; * stands for all but email.attempt.';
comment on column webhooks.secrets         is 'Newest first: [{"secret": "whsec_…", "expires_at": null}]. As they are, since every delivery is signed with them; those that have expired sign nothing.';
comment on column webhooks.quiet_until     is 'It asked (Retry-After) to be left alone until then.';
comment on column webhooks.last_success_at is 'When it last took a delivery; written every few seconds at most.';
comment on column webhooks.last_failure_at is 'When it last failed to. While that is later than last_success_at, few deliveries are tried at once.';
comment on column webhooks.disabled_at     is 'Since when it is told nothing; null while it is enabled.';
comment on column webhooks.disabled_reason is 'Why: its client said so, it answered 410, or nothing got through for days.';

create table webhook_deliveries (
  id               uuid        primary key,
  webhook_id       uuid        not null references webhooks (id) on delete cascade,
  email_id         uuid        references emails (id) on delete cascade,
  event_id         bigint,
  type             text        not null,
  status           text        not null default 'pending' check (status in ('pending', 'delivering', 'delivered', 'failed')),
  attempts         integer     not null default 0,
  due_at           timestamptz default now(),
  queued_at        timestamptz,
  created_at       timestamptz not null default now(),
  wanted_at        timestamptz not null default now(),
  finished_at      timestamptz,
  last_attempt_at  timestamptz,
  last_status_code integer,
  last_reason      text,
  last_ms          integer,
  constraint webhook_deliveries_of_an_event       check ((email_id is null) = (event_id is null)),
  -- No dead end: a delivery is at its end, or it says when relay must look at it again.
  constraint webhook_deliveries_due_or_finished   check ((due_at is null) = (finished_at is not null)),
  constraint webhook_deliveries_end_is_finished   check ((finished_at is not null) = (status in ('delivered', 'failed')))
);
create index webhook_deliveries_webhook_id on webhook_deliveries (webhook_id, id);
create index webhook_deliveries_email_id   on webhook_deliveries (email_id);
create index webhook_deliveries_due        on webhook_deliveries (webhook_id, due_at) where due_at is not null;
create index webhook_deliveries_queued     on webhook_deliveries (webhook_id) where queued_at is not null;
comment on table  webhook_deliveries                  is 'One row an event and endpoint. What it says is read from the event when it is told.';
comment on column webhook_deliveries.id               is 'UUIDv7; the webhook-id header, the same in every attempt.';
comment on column webhook_deliveries.email_id         is 'The email and its event that it tells of; null: an example that its client asked for.';
comment on column webhook_deliveries.type             is 'As in email.bounced.';
comment on column webhook_deliveries.attempts         is 'Attempts begun. It fences writers: a worker whose lease was taken away changes nothing.';
comment on column webhook_deliveries.due_at           is 'When relay must publish the id (again): a first or further attempt, a lost publish, a lost worker. Null at the end.';
comment on column webhook_deliveries.queued_at        is 'Since when it is on the queue or with a worker; null while it waits for its time.';
comment on column webhook_deliveries.wanted_at        is 'When it was first wanted: the event, or a replay. The schedule of its attempts counts from here.';
comment on column webhook_deliveries.last_status_code is 'HTTP status of the last answer; null if none came.';
comment on column webhook_deliveries.last_reason      is 'Why the last attempt failed, in our words: what an endpoint answers is not kept.';
comment on column webhook_deliveries.last_ms          is 'How long the last attempt took.';

-- PostgreSQL has it from version 18 on.
create function uuid_v7() returns uuid language sql volatile as $$
  select encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
    placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6), 52, 1), 53, 1), 'hex')::uuid
$$;
comment on function uuid_v7() is 'A UUIDv7 (RFC 9562 §5.7) of this millisecond.';

create function tell_webhooks() returns trigger language plpgsql as $$
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
  select uuid_v7(), webhooks.id, event.email_id, event.id, 'email.' || event.type
  from new_events event
  join emails on emails.id = event.email_id and emails.id = any(mails)
  join webhooks on webhooks.client_id = emails.client_id and webhooks.client_id = any(owners) and webhooks.disabled_at is null
    and (('*' = any(webhooks.events) and event.type <> 'attempt') or 'email.' || event.type = any(webhooks.events))
  order by event.id, webhooks.id
  -- One that is being deleted is waited for, and then not found; the foreign key alone would fail what brought the event.
  for key share of webhooks;
  return null;
end $$;
comment on function tell_webhooks() is 'Makes a delivery of each new event for each endpoint that wants it, so that nobody who writes events has to think of it.';

create trigger tell_webhooks after insert on email_events
  referencing new table as new_events
  for each statement execute function tell_webhooks();
