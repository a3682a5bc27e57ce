-- What comes back after a relay took an email: that it was delivered, is delayed, bounced, or that its recipient complained.

alter table emails drop constraint emails_status_check, add constraint emails_status_check check (status in (
  'scheduled', 'queued', 'sending', 'deferred', 'sent', 'bounced', 'failed', 'unknown', 'canceled', 'expired', 'suppressed',
  'delivered', 'complained'));
alter table emails drop constraint emails_end_is_finished, add constraint emails_end_is_finished check (
  (finished_at is not null) = (status in ('sent', 'bounced', 'failed', 'unknown', 'canceled', 'expired', 'suppressed', 'delivered', 'complained')));
alter table emails add column reported boolean not null default false;
comment on column emails.reported is 'Reports came before its end: whatever changes it next, they count. A trigger sees to it.';
comment on column emails.settled is 'Recipients that are at their end: {"a@example.com": {"status": "sent", "code": 250, …}}; reports move it on to delivered, bounced or complained.';

alter table email_events drop constraint email_events_type_check, add constraint email_events_type_check check (type in (
  'accepted', 'queued', 'attempt', 'sent', 'deferred', 'bounced', 'failed', 'unknown', 'canceled', 'expired', 'suppressed',
  'rescheduled', 'replayed', 'delivered', 'delayed', 'complained'));
comment on column email_events.detail is 'attempt: {attempt, relay, ms, code, enhanced_code, reply, …}; queued: {reason}; of a report: {recipient, source, code, …}.';

alter table webhooks drop constraint webhooks_events_check, add constraint webhooks_events_check check (
  cardinality(events) > 0 and events <@ array[
    '*', 'email.accepted', 'email.queued', 'email.attempt', 'email.sent', 'email.deferred', 'email.bounced', 'email.failed', 'email.unknown',
    'email.canceled', 'email.expired', 'email.suppressed', 'email.rescheduled', 'email.replayed', 'email.delivered', 'email.delayed',
    'email.complained', 'email.scheduled', 'email.delivery_delayed', 'email.opened', 'email.clicked', 'email.received']);
comment on column webhooks.events is 'Types it is told of; * stands for all of ours but email.attempt. Of Resend''s, email.scheduled and email.delivery_delayed are told of with ours, as is email.delivered where no provider tells of deliveries; of the others nothing is known here.';

comment on column suppressions.reason is 'hard_bounce: a relay or a report said that the address takes no mail. manual: its client or the operator said so. complaint: its owner wants no such mail.';

-- Whoever hands in what came back: an operator''s own mail server.
alter table clients drop constraint clients_scopes_check, add constraint clients_scopes_check check (
  scopes <@ array['basic', 'email', 'intake:write'] and cardinality(scopes) > 0);

create table email_reports (
  email_id    uuid not null,
  recipient   text not null,
  kind        text not null check (kind in ('delivered', 'delayed', 'bounced', 'complained')),
  round       integer not null,
  client_id   text not null,
  reported_at timestamptz not null default clock_timestamp(),
  hard        boolean not null,
  detail      jsonb not null,
  waits       boolean not null,
  primary key (email_id, recipient, kind, round)
);
create index email_reports_by_client on email_reports (client_id, email_id);
comment on table email_reports is 'What was reported of recipients, each thing once. Deleted with their emails by a trigger, with a recipient by its erasure.';
comment on column email_reports.recipient is 'As emails.recipients has it.';
comment on column email_reports.round is 'How many replays of the email were attempted before: what is reported after another one is news.';
comment on column email_reports.client_id is 'Whose email it is.';
comment on column email_reports.hard is 'The address takes no mail.';
comment on column email_reports.detail is 'What its event says.';
comment on column email_reports.waits is 'It came while an attempt was under way, and counts once that is recorded.';

create table deliveries_reported (
  only_row boolean primary key default true check (only_row),
  last_at  timestamptz not null
);
comment on table deliveries_reported is 'Whether a provider tells of deliveries: email.delivered is told with these alone then. One row at most.';
comment on column deliveries_reported.last_at is 'When one last did; written once an hour at most.';

create function status_rank(status text) returns integer language sql immutable parallel safe as $$
  select case status when 'sent' then 1 when 'delivered' then 2 when 'bounced' then 3 when 'complained' then 4 when 'suppressed' then 4 else 0 end
$$;
comment on function status_rank is 'How far on a recipient is: reports only move it on, and an email is where the least of its recipients is. Who is suppressed decides nothing.';
revoke execute on function status_rank from public;

-- Its age in replays: an id of a report says nothing of which replay it is about.
create function report_round(mail emails) returns integer language sql stable set search_path = public, pg_temp as $$
  select count(*)::integer from email_events replayed
  where replayed.email_id = mail.id and replayed.type = 'replayed'
    and (mail.status = 'sending' or exists (
      select from email_events later
      where later.email_id = mail.id and later.id > replayed.id
        and (later.type in ('attempt', 'unknown') or (later.type = 'queued' and later.detail ->> 'reason' = 'lease_expired'))))
$$;
comment on function report_round is 'How many replays of an email have been attempted.';
revoke execute on function report_round from public;

-- The transitions by `report` of lib/store/emails/transitions.ts.
create function use_reports(mail_id uuid) returns void language plpgsql security definer set search_path = public, pg_temp as $$
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
end $$;
comment on function use_reports is 'Records the reports of an email that wait: the event of each, and what they make of its recipients and of its status.';
revoke execute on function use_reports from public;

create function use_kept_reports() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform use_reports(new.id);
  return null;
end $$;
comment on function use_kept_reports() is 'Has reports count that came before the end of their email.';
revoke execute on function use_kept_reports() from public;
-- Of no cost to emails without such reports.
create trigger use_kept_reports after update on emails
  for each row when (new.reported and new.status <> 'sending') execute function use_kept_reports();

create function take_reports(reports jsonb) returns table (place integer, outcome text)
language plpgsql security definer set search_path = public, pg_temp as $$
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
end $$;
comment on function take_reports(jsonb) is 'Records reports, each once, in one transaction with what follows of them; says of each what became of it.';
revoke execute on function take_reports(jsonb) from public;

create or replace function delete_with_emails() returns trigger language plpgsql as $$
declare
  -- An array tells the planner how few they are.
  ids uuid[] := array(select id from deleted_emails);
begin
  delete from email_contents where email_id = any(ids);
  delete from email_events where email_id = any(ids);
  delete from email_reports where email_id = any(ids);
  return null;
end $$;
comment on function delete_with_emails() is 'Deletes the contents, events and reports of deleted emails.';

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
end $$;
