// Messages between the harness and its SMTP server's process: how to behave, and what came in.

/** How the server behaves from now on; what is not named is normal. */
export interface Behaviour {
  /** Nobody listens on the port. */
  refuseConnections?: boolean;
  /** Reply in place of the greeting, to RCPT TO, or to the final dot. */
  greeting?: Refusal;
  recipient?: Refusal;
  message?: Refusal;
  /** Wait this long before the reply to the final dot, in ms. */
  slowMs?: number;
  /** Cut the connection while the message comes in, or after its final dot in place of the reply. */
  drop?: 'in_data' | 'after_final_dot';
  /** One reply too many after the one to the final dot. */
  unasked?: boolean;
  /** Share of the messages that `drop` and `unasked` concern, from 0 to 1; all where not said. */
  share?: number;
  certificate?: 'good' | 'expired';
  /** Our account's password is not taken any more. */
  refusePassword?: boolean;
}

export type Refusal = [code: number, text: string];

/** A message whose final dot came in: the server has it, even if its client got no reply. */
export interface Arrival {
  marker: string;
  /** When the final dot came in, in ms since the epoch; on one machine, so of one clock. */
  at: number;
  /** Whether 250 was written to the connection. */
  replied: boolean;
  /** When the connection ended; undefined while it is open. */
  closedAt?: number;
}

export interface SmtpReport {
  deliveries: Arrival[];
  /** Markers of messages that were refused for good (5xx). */
  refused: string[];
}

export interface SmtpSettings {
  /** Further than plain: implicit TLS with these files, or AUTH asked for. */
  tls?: { key: string; good: string; expired: string };
  account?: { user: string; password: string };
}

/** Each answered by one message with the same `seq`; `start` with the port, `report` with the report. */
export type Order =
  | { seq: number; do: 'start'; settings: SmtpSettings }
  | { seq: number; do: 'behave'; behaviour: Behaviour }
  | { seq: number; do: 'report' };

export interface Answer {
  seq: number;
  port?: number;
  report?: SmtpReport;
  error?: string;
}
