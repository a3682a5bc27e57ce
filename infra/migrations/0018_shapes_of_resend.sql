-- What programs written for Resend ask for: suppressions with ids, templates with a title, events by their names there.

alter table suppressions add column id uuid not null default gen_random_uuid();
create unique index suppressions_id on suppressions (client_id, id);
comment on column suppressions.id is 'What it is called where an address may not stand.';

alter table templates add column title text, add constraint templates_title_check check (length(title) between 1 and 200);
comment on column templates.title is 'What it is called where that cannot be its name, as with spaces in it; null: by its name.';
comment on column template_versions.variables is 'Variables that it uses: {"required": […], "optional": […]}; with "declared", those that its client told of: [{"key", "type", "fallback_value"}].';

alter table webhooks drop constraint webhooks_events_check, add constraint webhooks_events_check check (
  cardinality(events) > 0 and events <@ array[
    '*', 'email.accepted', 'email.queued', 'email.attempt', 'email.sent', 'email.deferred', 'email.bounced', 'email.failed', 'email.unknown',
    'email.canceled', 'email.expired', 'email.suppressed', 'email.rescheduled', 'email.replayed',
    'email.scheduled', 'email.delivered', 'email.delivery_delayed', 'email.complained', 'email.opened', 'email.clicked', 'email.received']);
comment on column webhooks.events is 'Types it is told of; * stands for all of ours but email.attempt. Of Resend''s, email.scheduled, email.delivered and email.delivery_delayed are told of with ours; of the others nothing is known here.';

create or replace function tell_webhooks() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
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
       when event.type = 'sent' then 'email.delivered'
       when event.type = 'deferred' then 'email.delivery_delayed'
       when event.type = 'accepted' and event.detail ->> 'status' = 'scheduled' then 'email.scheduled'
     end, false)) told(type, by_star)
  join webhooks on webhooks.client_id = emails.client_id and webhooks.client_id = any(owners) and webhooks.disabled_at is null
    and ((told.by_star and '*' = any(webhooks.events)) or told.type = any(webhooks.events))
  order by event.id, webhooks.id
  -- One that is being deleted is waited for, and then not found; the foreign key alone would fail what brought the event.
  for key share of webhooks;
  return null;
end $$;
