-- The function that was called relay is called dispatch: a relay is an SMTP relay and nothing else. Only comments change.

comment on column emails.due_at             is 'When dispatch must act: publish the id (again), take back a lost lease, release a retry or a scheduled email. Null at the end.';
comment on column email_events.type         is 'attempt: one conversation with one SMTP relay. queued: put on the queue again by dispatch. The others: the status the email came to.';
comment on column webhook_deliveries.due_at is 'When dispatch must publish the id (again): a first or further attempt, a lost publish, a lost worker. Null at the end.';
