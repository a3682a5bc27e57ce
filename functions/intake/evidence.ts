// One piece of evidence of what became of a recipient, and who records it: all that comes back, by whatever way, becomes this.

/** What was reported. `delayed`: it is still being tried. */
export type EvidenceKind = 'delivered' | 'delayed' | 'bounced' | 'complained';

/** Which way it came. All but the first two are events of providers, proven by their signatures. */
export type EvidenceSource = 'smtp' | 'message' | 'ses' | 'postmark' | 'mailgun' | 'sendgrid' | 'resend';

/** What names the email: the first of these that is given and ours counts, in this order. */
export interface EvidenceMatch {
  /** The address that the report came to. Counts only with a good mac. */
  returnPath?: string | undefined;
  /** ENVID (RFC 3461): what is before the @ of the return path. Counts only with a good mac. */
  envelopeId?: string | undefined;
  /** The Message-ID of our email, with or without its angle brackets. */
  messageId?: string | undefined;
  /** The id of our email, where the provider gave back what we had told it. */
  emailId?: string | undefined;
}

export interface Evidence {
  match: EvidenceMatch;
  kind: EvidenceKind;
  /** The address, as the report has it. Not given: the email's only recipient. */
  recipient?: string | undefined;
  /** When it happened, as the report says. */
  at: Date;
  /** Reply code of SMTP. */
  code?: number | undefined;
  /** Enhanced status code (RFC 3463), as in 5.1.1. */
  enhancedCode?: string | undefined;
  /** The address takes no mail, now and later: the client sends no more to it. */
  hard?: boolean | undefined;
  /** Where the cause lies, as in attempts. */
  category?: string | undefined;
  /** What the other side said; cut where it is longer than is kept. */
  text?: string | undefined;
  source: EvidenceSource;
}

/** What became of pieces of evidence: each is counted once. */
export interface RecordedEvidence {
  /** New: an event, and perhaps a change of status. */
  recorded: number;
  /** New, and kept until the attempt that is under way is recorded. */
  kept: number;
  /** Reported before. */
  repeated: number;
  /** Of no email of ours, or of none that was attempted. */
  unknown_email: number;
  /** Of an email of ours, and of nobody it went to. */
  unknown_recipient: number;
}

/** Resolves once all is committed. Rejects when the database is away: then it is to be sent again. */
export type RecordEvidence = (evidence: readonly Evidence[]) => Promise<RecordedEvidence>;
