-- Keys with which emails are signed (DKIM, RFC 6376). The operator's command makes them: `dkim create`.

create table dkim_keys (
  domain      text        not null check (domain ~ '^([a-z0-9_-]{1,63}\.)+[a-z0-9-]{1,63}$' and length(domain) <= 253),
  selector    text        not null check (selector ~ '^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*$' and length(selector) <= 120),
  private_key text        not null check (private_key like '-----BEGIN PRIVATE KEY-----%'),
  active      boolean     not null default false,
  created_at  timestamptz not null default now(),
  primary key (domain, selector)
);
-- One signature an email. It also is the index by which workers read.
create unique index dkim_keys_active on dkim_keys (domain) where active;
comment on table  dkim_keys             is 'DKIM keys of sender domains, several selectors of a domain while one takes the place of another. What is removed is deleted.';
comment on column dkim_keys.domain      is 'The domain that signs (d=), in lower case and ASCII. It also signs for its subdomains that have no active key of their own.';
comment on column dkim_keys.selector    is 'Which key of the domain (s=): the public key is the TXT record <selector>._domainkey.<domain>.';
comment on column dkim_keys.private_key is 'RSA key, PKCS#8 as PEM, not encrypted: who reads this table can sign as the domain.';
comment on column dkim_keys.active      is 'Signs. One a domain; a new key does not, so that it can be in DNS before it does.';
comment on column dkim_keys.created_at  is 'When the key was made.';
