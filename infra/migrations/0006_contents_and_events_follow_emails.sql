-- Foreign keys that looked at another row for each one that was written, for what cannot happen: contents and events are written by
-- the very statement that writes or locks their email. They cost a quarter of accepting an email, and all emails of a client locked
-- its one row. What they did when rows are deleted, which is seldom, two triggers do.

alter table emails         drop constraint emails_client_id_fkey;
alter table email_contents drop constraint email_contents_email_id_fkey;
alter table email_events   drop constraint email_events_email_id_fkey;

create function delete_with_emails() returns trigger language plpgsql as $$
declare
  -- An array tells the planner how few they are.
  ids uuid[] := array(select id from deleted_emails);
begin
  delete from email_contents where email_id = any(ids);
  delete from email_events where email_id = any(ids);
  return null;
end $$;
comment on function delete_with_emails() is 'Deletes the contents and events of deleted emails.';

create trigger delete_with_emails after delete on emails
  referencing old table as deleted_emails
  for each statement execute function delete_with_emails();

create function keep_clients_with_emails() returns trigger language plpgsql as $$
begin
  if exists (select from emails where client_id = old.client_id) then
    raise foreign_key_violation using message = format('client %s has emails: disable it', old.client_id);
  end if;
  return old;
end $$;
comment on function keep_clients_with_emails() is 'Refuses to delete a client that has emails.';

create trigger keep_clients_with_emails before delete on clients
  for each row execute function keep_clients_with_emails();
