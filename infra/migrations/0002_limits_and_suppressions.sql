-- Who may send as whom, how much, and to whom no more.

alter table clients
  add column allowed_senders text[]           check (cardinality(allowed_senders) > 0),
  add column rate_per_second double precision check (rate_per_second between 0.001 and 1000000),
  add column daily_quota     integer          check (daily_quota > 0);
comment on column clients.allowed_senders is 'Whom its emails may be from: addresses (a@b.test), domains (b.test) and their subdomains (*.b.test), in lower case; null: anybody.';
comment on column clients.rate_per_second is 'Emails that it may hand in a second; null: any number.';
comment on column clients.daily_quota     is 'Emails that it may hand in a day (UTC); null: any number.';

create table allowances (
  client_id   text             primary key references clients (client_id) on delete cascade,
  tokens      double precision not null,
  refilled_at timestamptz      not null default clock_timestamp(),
  day         date             not null default (clock_timestamp() at time zone 'utc')::date,
  used_today  integer          not null default 0
) with (fillfactor = 50);
comment on table  allowances             is 'What clients have used of their limits: one row a client that has some, changed with every group of its emails that is accepted.';
comment on column allowances.tokens      is 'Emails left in the bucket of its rate when it was last filled; below 0 after a batch that was larger than that.';
comment on column allowances.refilled_at is 'When that was.';
comment on column allowances.day         is 'The day (UTC) that used_today counts.';
comment on column allowances.used_today  is 'Emails accepted on that day.';

-- What a client may still hand in now; no row when it has no limits. The bucket holds the emails of a second, at least one.
create function allowance_now(client text)
returns table (rate double precision, capacity double precision, tokens double precision,
               quota integer, used_today integer, day_ends_in_s double precision, seen_at timestamptz)
language sql volatile as $$
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
$$;
comment on function allowance_now is 'What is left of a client''s limits, without taking anything.';

-- Takes what several requests cost from the limits of their clients; the n-th request is the n-th of each array. A request is taken
-- whole or not at all: while there is one email in the bucket, and if the day's quota has room for all of it. It may take the bucket
-- below 0, so that a batch larger than the rate can pass; then the next one waits for longer. A request whose key has had its effect
-- costs nothing.
--
-- Whoever takes holds the client's row in allowances until its transaction ends. So takers see what those before them took, and the
-- keys they left, wherever they run; clients come in one order, so that nobody waits in a circle.
create function take_allowances(client_ids text[], keys text[], costs integer[])
returns table (request integer, refused text, rate double precision, capacity double precision, tokens double precision,
               quota integer, used_today integer, day_ends_in_s double precision)
language plpgsql as $$
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
$$;
comment on function take_allowances is 'Takes what requests cost from the limits of their clients, and says for each whether it fits, and what is left. Clients without limits have no row in the answer.';

create table suppressions (
  client_id  text        not null references clients (client_id) on delete cascade,
  recipient  text        not null check (recipient = lower(recipient)),
  reason     text        not null check (reason in ('hard_bounce', 'complaint', 'manual')),
  email_id   uuid,
  detail     text,
  created_at timestamptz not null default now(),
  primary key (client_id, recipient)
);
comment on table  suppressions           is 'Recipients to whom a client sends no more.';
comment on column suppressions.recipient is 'The address, all of it in lower case.';
comment on column suppressions.reason    is 'hard_bounce: a relay said that the address takes no mail. manual: its client or the operator said so. complaint: for later use.';
comment on column suppressions.email_id  is 'The email that bounced; it may have been purged since.';
comment on column suppressions.detail    is 'What the relay said.';
