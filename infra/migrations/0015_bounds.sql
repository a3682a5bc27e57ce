-- What a client can make grow is bounded: these are the counts that would cost too much to take each time.

create table client_counts (
  client_id           text primary key references clients on delete cascade,
  manual_suppressions integer not null default 0
) with (fillfactor = 50);
comment on table client_counts is 'How much of something a client has, where counting the rows would take long; kept by triggers. A client without a row has none.';
comment on column client_counts.manual_suppressions is 'Suppressions that were made by hand. Those of bounces are not bounded: each costs an email.';

create function count_suppressions() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    update client_counts set manual_suppressions = manual_suppressions - 1 where client_id = old.client_id;
  else
    insert into client_counts as counts (client_id, manual_suppressions) values (new.client_id, 1)
    on conflict (client_id) do update set manual_suppressions = counts.manual_suppressions + 1;
  end if;
  return null;
end $$;
comment on function count_suppressions() is 'Keeps client_counts.manual_suppressions.';

-- Row by row, so that a worker that records bounces never waits for them.
create trigger count_added_suppressions after insert on suppressions
  for each row when (new.reason = 'manual') execute function count_suppressions();
create trigger count_removed_suppressions after delete on suppressions
  for each row when (old.reason = 'manual') execute function count_suppressions();

insert into client_counts (client_id, manual_suppressions)
select client_id, count(*) from suppressions where reason = 'manual' group by client_id;

-- Examples of an endpoint, which are counted before another one is made. Of no cost to deliveries of events.
create index webhook_deliveries_examples on webhook_deliveries (webhook_id, created_at) where email_id is null;
