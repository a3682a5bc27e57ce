// What each function may do in the database: its role has these privileges and no others. Applied after the migrations (apply-grants.ts).
//
// A bundle of the release before runs on the new schema for a while, as the same role: a privilege goes one release after the last
// statement that needed it. A test (grants.test.ts) tells which statement lacks one, and which one no statement needs.

/** Of a table: the columns, separated by spaces, or all of them, now and later. */
interface TablePrivileges {
  select?: string;
  insert?: string;
  /** FOR UPDATE needs the right to update some column. One that is here for that alone is said to be so. */
  update?: string;
  delete?: typeof all;
}

interface FunctionPrivileges {
  tables: Record<string, TablePrivileges>;
  /** SQL functions that not everybody may call, and those that need the privileges of this role. */
  execute?: string[];
}

const all = '*';

/** What a transition writes (lib/store/emails/transition-emails.ts), whoever makes it. */
const transition = 'status due_at finished_at queued_at settled last_reply';

/** Of an index of `emails`: for whoever changes them, or looks for a recipient. */
const addressKeys = 'address_keys(text[])';
/** Whoever checks access tokens looks whether one was revoked, or its client disabled; API keys are checked here alone. */
const tokenCheck = {
  revoked_tokens: { select: 'jti' },
  clients: { select: 'client_id scopes disabled_at' },
  api_keys: { select: 'id hash client_id scopes allowed_senders expires_at last_used_at', update: 'last_used_at' },
} as const;

// biome-ignore format: one line a table
export const grants = {
  token: {
    tables: {
      clients:             { select: all },
      client_secrets:      { select: all, update: 'last_used_at' },
      used_assertions:     { select: all, insert: all, update: 'expires_at', delete: all },
      revoked_tokens:      { select: all, insert: all },
    },
  },
  send: {
    tables: {
      ...tokenCheck,
      clients:             { select: 'client_id scopes disabled_at allowed_senders rate_per_second daily_quota relay_headers' },
      allowances:          { select: all, insert: 'client_id tokens', update: 'tokens refilled_at day used_today' },
      suppressions:        { select: all, insert: all, update: 'email_id detail' },
      templates:           { select: all },
      template_versions:   { select: all },
      idempotency_keys:    { select: all, insert: all },
      emails:              { select: all, insert: all, update: `${transition} recipients subject tags wanted_at scheduled_at expires_at erased_at` },
      // The update is for a lock: this role deletes them and writes them anew anyway.
      email_contents:      { select: all, insert: all, update: 'email_id', delete: all },
      email_attachments:   { select: 'email_id', insert: all, delete: all },
      email_events:        { select: all, insert: all, update: 'detail' },
      email_reports:       { select: 'email_id recipient detail', update: 'detail', delete: all },
    },
    execute: [addressKeys, 'allowance_now(text)', 'take_allowances(text[],text[],integer[])'],
  },
  consume: {
    tables: {
      emails:              { select: all, update: `${transition} attempts data_started_at` },
      email_contents:      { select: all },
      email_attachments:   { select: all },
      email_events:        { insert: all },
      suppressions:        { select: all, insert: all },
      dkim_keys:           { select: 'domain selector private_key active' },
    },
    execute: [addressKeys],
  },
  dispatch: {
    tables: {
      emails:              { select: `id client_id lane delivery attempts traceparent data_started_at wanted_at expires_at erased_at ${transition}`, update: transition, delete: all },
      email_contents:      { select: 'email_id', delete: all },
      email_attachments:   { select: 'email_id', delete: all },
      email_events:        { select: 'email_id', insert: all, delete: all },
      email_reports:       { select: 'email_id', delete: all },
      suppressions:        { insert: all },
      // The updates of these two are for a lock: this role deletes their rows anyway.
      idempotency_keys:    { select: 'client_id key created_at', update: 'created_at', delete: all },
      revoked_tokens:      { select: all, update: 'expires_at', delete: all },
      webhooks:            { select: 'id client_id quiet_until last_success_at last_failure_at disabled_at' },
      webhook_deliveries:  { select: all, update: 'status due_at queued_at finished_at last_reason', delete: all },
    },
    execute: [addressKeys],
  },
  history: {
    tables: {
      ...tokenCheck,
      emails:              { select: all },
      email_contents:      { select: all },
      email_attachments:   { select: all },
      email_events:        { select: all },
      email_reports:       { select: 'client_id email_id kind' },
    },
    execute: [addressKeys],
  },
  manage: {
    tables: {
      ...tokenCheck,
      clients:             { select: 'client_id scopes disabled_at allowed_senders' },
      templates:           { select: all, insert: 'id client_id name title', update: 'name title version updated_at', delete: all },
      template_versions:   { select: all, insert: 'template_id version subject text html variables' },
      suppressions:        { select: all, insert: 'client_id recipient reason', delete: all },
      api_keys:            { select: all, insert: 'id client_id name hash start scopes allowed_senders made_with expires_at', update: 'name last_used_at', delete: all },
      // By triggers on suppressions.
      client_counts:       { select: all, insert: all, update: 'manual_suppressions' },
      // Not the secrets: it makes them, and shows each once.
      webhooks:            { select: 'id client_id url events created_at quiet_until last_success_at last_failure_at disabled_at disabled_reason', insert: 'id client_id url events secrets', update: 'url events quiet_until last_failure_at disabled_at disabled_reason', delete: all },
      webhook_deliveries:  { select: all, insert: 'id webhook_id type', update: 'status due_at wanted_at finished_at' },
    },
    execute: ['rotate_webhook_secret(text,uuid,text,double precision,integer)'],
  },
  notify: {
    tables: {
      webhooks:            { select: 'id client_id url secrets quiet_until last_success_at last_failure_at disabled_at disabled_reason', update: 'quiet_until last_success_at last_failure_at disabled_at disabled_reason' },
      webhook_deliveries:  { select: all, update: 'status attempts due_at queued_at finished_at last_attempt_at last_status_code last_reason last_ms' },
      emails:              { select: 'id sender recipients subject message_id tags accepted_at traceparent' },
      email_contents:      { select: 'email_id metadata template headers' },
      email_events:        { select: all },
    },
  },
  intake: {
    tables: {
      ...tokenCheck,
    },
    // All that it writes is written by this one, as its owner.
    execute: ['take_reports(jsonb)'],
  },
} as const satisfies Record<string, FunctionPrivileges>;

/** A function that has a role. */
export type DatabaseUser = keyof typeof grants;
export const databaseUsers = Object.keys(grants) as DatabaseUser[];

/** The role that has a function's privileges, and cannot log in: the roles that can are its members. */
export function groupOf(user: DatabaseUser): string {
  return `email_api_${user}`;
}

/** One privilege of a role, as PostgreSQL's catalogs have it. */
export interface Privilege {
  role: string;
  /** As in `table emails` or `function uuid_v7()`. */
  object: string;
  /** As in `SELECT`. */
  privilege: string;
  /** Null: of the whole object. */
  column: string | null;
}

export function privilegesOf(user: DatabaseUser): Privilege[] {
  const role = groupOf(user);
  const { tables, execute = [] }: FunctionPrivileges = grants[user];
  const ofTables = Object.entries(tables).flatMap(([table, privileges]) =>
    (Object.entries(privileges) as [string, string][]).flatMap(([name, columns]) =>
      (columns === all ? [null] : columns.split(' ')).map((column) => ({
        ...{ role, object: `table ${table}`, privilege: name.toUpperCase(), column },
      })),
    ),
  );
  const others = ['schema public', ...execute.map((signature) => `function ${signature}`)];
  return [
    ...ofTables,
    ...others.map((object) => ({
      ...{ role, object, privilege: object.startsWith('schema') ? 'USAGE' : 'EXECUTE', column: null },
    })),
  ];
}

/** As in `email_api_send: UPDATE (status) on table emails`. */
export function textOf({ role, object, privilege, column }: Privilege): string {
  return `${role}: ${privilege}${column === null ? '' : ` (${column})`} on ${object}`;
}
