-- One client's backlog holds up nobody else: only a window of its ids is on the queue, and what is due is found client by client.

-- Rows that wait for a place on the queue. Where no backlog is, the index is empty and costs nothing.
create index emails_waiting on emails (lane, client_id, id) where status = 'queued' and queued_at is null;
-- Of no cost to an email that is delivered at once.
create index emails_due_by_client on emails (client_id, due_at) where status in ('scheduled', 'deferred');

comment on column emails.queued_at is 'When the email last got its place on the queue. Null while it is queued: it waits for a place there, as its client has many before it.';
