// How much of a report is read, so that the largest costs what a usual one costs.

/** How much is read of a report. What is behind that is as if it were not there. */
export const bounds = {
  /** Whoever takes reports in need keep no more of one to read it. Returned messages come last, so that what counts is before. */
  octets: 512 * 1024,
  /** Of all parts together; real reports have three to ten. */
  parts: 50,
  /** Multiparts within one another. */
  depth: 8,
  /** Of a head, or of the fields of a report. */
  headOctets: 64 * 1024,
  fields: 300,
  /** Of one field, unfolded. */
  fieldCharacters: 2_000,
  /** Of one text part, before it is decoded. */
  textOctets: 64 * 1024,
  /** No expression sees more of a line. */
  lineCharacters: 500,
  lines: 1_000,
  recipients: 100,
} as const;
