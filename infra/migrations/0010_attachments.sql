-- Attachments leave email_contents.attachments, which keeps what they are called. There their bytes went through JSON on every way, were
-- compressed in vain and decoded and encoded at each delivery; here they are as they go on the wire. Rows from before keep their bytes in
-- email_contents (`content`), and are read there.

create table email_attachments (
  email_id uuid     not null,
  position smallint not null,
  chunk    smallint not null,
  data     text     not null,
  primary key (email_id, position, chunk)
);
alter table email_attachments alter column data set storage external;
comment on table  email_attachments          is 'Bytes of attachments, in chunks that a worker holds one by one. Written with the contents of their email, deleted with them by a trigger.';
comment on column email_attachments.position is 'Which of email_contents.attachments, from 0.';
comment on column email_attachments.chunk    is 'From 0. Each has 8,192 lines, the last one what is left.';
comment on column email_attachments.data     is 'Base64 in lines of 76 characters with CRLF between them (RFC 2045 §6.8): as it goes on the wire.';

comment on column email_contents.attachments is 'List of {filename, content_type, content_id, size (bytes)}. Rows from before migration 0010 have content (base64), too, which is in email_attachments since.';

create function delete_with_contents() returns trigger language plpgsql as $$
declare
  -- An array tells the planner how few they are.
  ids uuid[] := array(select email_id from deleted_contents);
begin
  delete from email_attachments where email_id = any(ids);
  return null;
end $$;
comment on function delete_with_contents() is 'Deletes the attachments of deleted contents.';

create trigger delete_with_contents after delete on email_contents
  referencing old table as deleted_contents
  for each statement execute function delete_with_contents();
