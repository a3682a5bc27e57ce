// The columns of `emails` and `email_contents`, and what statements do to each: the SQL to accept, list, erase and replay is made of these lists.
import type { DeliveryMode, EmailContent, EmailStatus, Lane, SettledRecipient, Tag, UsedTemplate } from './email.ts';

/** A row of `emails`; what each column means is said where it is made, in infra/migrations. */
export interface EmailRow {
  id: string;
  client_id: string;
  status: EmailStatus;
  lane: Lane;
  delivery: DeliveryMode;
  sender: string;
  recipients: string[];
  subject: string;
  tags: Tag[];
  message_id: string;
  settled: Record<string, SettledRecipient>;
  attempts: number;
  due_at: Date | null;
  queued_at: Date | null;
  data_started_at: Date | null;
  accepted_at: Date;
  wanted_at: Date;
  /** Time asked for; null: at once. */
  scheduled_at: Date | null;
  expires_at: Date | null;
  finished_at: Date | null;
  erased_at: Date | null;
  last_reply: string | null;
  traceparent: string | null;
  reported: boolean;
}

/** What a statement does to a column: nothing, what its own text says, or this SQL. */
type Effect = 'nothing' | 'its own' | { set: string };

interface Column {
  /** The SQL type of a value that a new email brings; null: the accepting statement or the column's default makes the value. */
  given: string | null;
  /** Where it is shown: in lists and single emails, only in single emails, or only by the operator's command. */
  shown: 'list' | 'email' | 'operator' | null;
  /** The field that shows it, where that has another name. */
  as?: string;
  erasure: Effect;
  replay: Effect;
}

const nothing = 'nothing';
const itsOwn = 'its own';

// biome-ignore format: one line a column
export const emailColumns = {
  id:              { given: 'uuid',        shown: 'list',  erasure: nothing,          replay: nothing },
  client_id:       { given: null,          shown: 'operator', erasure: nothing,       replay: nothing },
  status:          { given: null,          shown: 'list',  erasure: nothing,          replay: itsOwn },
  lane:            { given: 'text',        shown: 'email', erasure: nothing,          replay: nothing },
  delivery:        { given: 'text',        shown: 'email', erasure: nothing,          replay: nothing },
  sender:          { given: 'text',        shown: 'list',  as: 'from', erasure: nothing, replay: nothing },
  recipients:      { given: 'text[]',      shown: 'list',  erasure: itsOwn,           replay: nothing },
  subject:         { given: 'text',        shown: 'list',  erasure: { set: "''" },    replay: nothing },
  tags:            { given: 'jsonb',       shown: 'list',  erasure: { set: "'[]'" },  replay: nothing },
  message_id:      { given: 'text',        shown: 'list',  erasure: nothing,          replay: nothing },
  settled:         { given: null,          shown: 'email', as: 'recipients', erasure: itsOwn, replay: itsOwn },
  attempts:        { given: null,          shown: 'list',  erasure: nothing,          replay: nothing },
  due_at:          { given: null,          shown: 'email', erasure: nothing,          replay: itsOwn },
  queued_at:       { given: null,          shown: null,    erasure: nothing,          replay: itsOwn },
  data_started_at: { given: null,          shown: null,    erasure: nothing,          replay: nothing },
  accepted_at:     { given: null,          shown: 'list',  as: 'created_at', erasure: nothing, replay: nothing },
  wanted_at:       { given: null,          shown: null,    erasure: nothing,          replay: { set: 'now()' } },
  scheduled_at:    { given: 'timestamptz', shown: 'list',  erasure: nothing,          replay: nothing },
  expires_at:      { given: 'timestamptz', shown: null,    erasure: nothing,          replay: itsOwn },
  finished_at:     { given: null,          shown: 'list',  erasure: nothing,          replay: { set: 'null' } },
  erased_at:       { given: null,          shown: null,    erasure: { set: 'now()' }, replay: nothing },
  last_reply:      { given: null,          shown: 'list',  erasure: { set: 'null' },  replay: nothing },
  traceparent:     { given: 'text',        shown: null,    erasure: nothing,          replay: nothing },
  reported:        { given: null,          shown: null,    erasure: nothing,          replay: nothing },
} as const satisfies Record<keyof EmailRow, Column>;

type Columns = typeof emailColumns;
type Name = keyof Columns;
/** The columns of its row that a new email brings. */
export type GivenColumn = { [Each in Name]: Columns[Each]['given'] extends null ? never : Each }[Name];
type ShownColumn = { [Each in Name]: Columns[Each]['shown'] extends null ? never : Each }[Name];

/** Names and SQL types of the contents, kept apart from the row: a new email brings them all, an erasure or a purge deletes them all. */
export const contentColumns = {
  headers: 'jsonb',
  custom_headers: 'jsonb',
  text_body: 'text',
  html_body: 'text',
  attachments: 'jsonb',
  metadata: 'jsonb',
  template: 'jsonb',
} as const satisfies Record<keyof StoredContent, string>;

export interface StoredContent extends EmailContent {
  metadata: Record<string, string>;
  /** What it was rendered from. */
  template?: UsedTemplate | null;
}

/** An email as its client sees it in lists. */
export type EmailSummary = Pick<EmailRow, ShownColumn>;
const columns = Object.entries<Column>(emailColumns) as [Name, Column][];
export const shownColumns = columns.filter(([, { shown }]) => shown !== null).map(([name]) => name);

// As parts of SQL, made once.
const givenColumns = columns.flatMap(([name, { given }]) => (given === null ? [] : [[name, given] as const]));
/** `id, lane, …` */
export const givenNames = givenColumns.map(([name]) => name).join(', ');
export const contentNames = Object.keys(contentColumns).join(', ');
/** `id uuid, lane text, …` */
export const givenTypes = [...givenColumns, ...Object.entries(contentColumns)].map((one) => one.join(' ')).join(', ');
/** `subject = '', …` */
export const erasureSets = setsOf('erasure');
export const replaySets = setsOf('replay');

function setsOf(statement: 'erasure' | 'replay'): string {
  const sets = columns.flatMap(([name, { [statement]: effect }]) =>
    typeof effect === 'object' ? [`${name} = ${effect.set}`] : [],
  );
  return sets.join(', ');
}
