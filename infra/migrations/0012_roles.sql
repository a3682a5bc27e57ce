-- Each function of the API may connect as a role of its own, which may do what the function does and no more. What that is stands in
-- grants.ts beside this file, and `migrate` grants it after the migrations. Here is what the schema needs for it.

-- Whoever writes events makes deliveries by way of this trigger, and needs no right on webhooks and deliveries for it. It runs as its
-- owner, so the path in which it finds tables and operators is fixed.
alter function tell_webhooks() security definer set search_path = public, pg_temp;
revoke execute on function tell_webhooks() from public;

-- So that `manage` replaces the secrets of webhooks without a right to read them. The n earlier ones go on signing for a while.
create function rotate_webhook_secret(client text, webhook uuid, new_secret text, keep_seconds double precision, most_earlier integer)
returns boolean language sql volatile security definer set search_path = public, pg_temp as $$
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
$$;
comment on function rotate_webhook_secret is 'Puts a new secret before those of a client''s endpoint, which it does not tell. Null: the client has no such endpoint.';
revoke execute on function rotate_webhook_secret from public;
