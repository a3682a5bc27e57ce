-- Which clients may steer the operator's relay account by headers of their emails.

alter table clients
  add column relay_headers boolean not null default false;
comment on column clients.relay_headers is 'Whether its emails may have headers that relays take as orders (X-SMTPAPI, X-SES-…): they act on the operator''s account.';
