-- Templates: what emails say but for the names in it. Versions are never changed, so that one that was tested stays what it was.

create table templates (
  id         uuid        primary key,
  client_id  text        not null references clients (client_id) on delete cascade,
  name       text        not null check (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$'),
  version    integer     not null default 1 check (version > 0),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (client_id, name)
);
create index templates_client_id on templates (client_id, id);
comment on table  templates            is 'Templates of clients. A deleted one is gone with its versions: what was sent with it was stored as it was sent.';
comment on column templates.id         is 'UUIDv7, made by the manage function.';
comment on column templates.name       is 'How requests name it; never in the form of an id.';
comment on column templates.version    is 'The newest version, used where a request names none.';
comment on column templates.updated_at is 'When the newest version was made.';

create table template_versions (
  template_id uuid        not null references templates (id) on delete cascade,
  version     integer     not null check (version > 0),
  subject     text        not null,
  text        text,
  html        text,
  variables   jsonb       not null,
  created_at  timestamptz not null default now(),
  primary key (template_id, version),
  constraint template_versions_has_content check (text is not null or html is not null)
);
comment on table  template_versions           is 'Versions of templates, in Liquid; each is written once and never changed.';
comment on column template_versions.version   is 'From 1, without gaps.';
comment on column template_versions.subject   is 'Rendered as text, as is the column text.';
comment on column template_versions.html      is 'Rendered as HTML: what variables say is escaped unless the filter raw asks for less.';
comment on column template_versions.variables is 'Variables of data that it uses: {"required": ["first_name"], "optional": ["coupon"]}.';

alter table email_contents add column template jsonb;
comment on column email_contents.template is 'The template it was rendered from: {"id": …, "name": "welcome", "version": 3}; null: none.';
