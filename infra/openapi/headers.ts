// The HTTP headers of requests and answers in the document: each is described once, under components.

export const requestHeaders = {
  'Idempotency-Key': {
    description:
      'Has the request take effect once, however often it is repeated within 24 hours: a repetition with the same body gets the first answer again, one with another body is refused. 1 to 256 printable ASCII characters, bare or as a quoted string.',
    schema: { type: 'string', minLength: 1, maxLength: 258 },
    example: 'order-7',
  },
  Prefer: {
    description:
      '`wait=N` (RFC 7240): answer when the email has come to its end, or after N seconds (30 at most) with what it is at then.',
    schema: { type: 'string' },
    example: 'wait=10',
  },
  'x-batch-validation': {
    description: '`permissive` sends the emails without faults and names the others; `strict` refuses all of them.',
    schema: { type: 'string', enum: ['strict', 'permissive'], default: 'strict' },
    example: 'permissive',
  },
  'If-Match': {
    description: 'The ETag of the version that is to be followed: refused if it is not the newest any more.',
    schema: { type: 'string' },
    example: '"1"',
  },
  traceparent: {
    description:
      'W3C Trace Context: the trace that the delivery belongs to. An invalid one is ignored, and a new trace is begun.',
    schema: { type: 'string' },
    example: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  },
  'If-None-Match': {
    description: 'The ETag of the copy that the client has.',
    schema: { type: 'string' },
    example: '"0f343b0931126a20f133d67c2b018a3b"',
  },
} as const;
export type RequestHeader = keyof typeof requestHeaders;

/** Of the messages to webhooks (Standard Webhooks). */
export const messageHeaders = {
  'webhook-id': {
    required: true,
    description: 'Id of the delivery, the same in every attempt.',
    schema: { type: 'string', format: 'uuid' },
    example: '01971d8c-6f1e-7a52-9c0b-3f2a4e5d6c7e',
  },
  'webhook-timestamp': {
    required: true,
    description: 'When this attempt was made, in seconds since 1970: refuse old ones.',
    schema: { type: 'integer' },
    example: 1_769_860_800,
  },
  'webhook-signature': {
    required: true,
    description:
      'Signatures of `{webhook-id}.{webhook-timestamp}.{body}` with HMAC-SHA256, each as `v1,` and base64, with a space between: one for each secret that is good now.',
    schema: { type: 'string' },
    example: 'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=',
  },
} as const;

/** `always`: an answer that lists it has it in any case. */
export const answerHeaders = {
  Location: {
    always: true,
    description: 'Where it is read.',
    schema: { type: 'string', format: 'uri-reference' },
  },
  'Idempotency-Replayed': {
    always: false,
    description: '`true` when an earlier request with this Idempotency-Key had the effect, and this one had none.',
    schema: { type: 'string', const: 'true' },
  },
  'Preference-Applied': {
    always: false,
    description: 'How long the answer would have waited, where the request asked for it.',
    schema: { type: 'string' },
  },
  'WWW-Authenticate': {
    always: true,
    description: 'How to authenticate, and what is missing (RFC 6750).',
    schema: { type: 'string' },
  },
  'Retry-After': {
    always: true,
    description: 'Seconds after which to try again.',
    schema: { type: 'integer', minimum: 1 },
  },
  'RateLimit-Policy': {
    always: false,
    description:
      'The limits of the client (draft-ietf-httpapi-ratelimit-headers): `q` emails in `w` seconds. Not there for a client without limits.',
    schema: { type: 'string' },
    example: '"rate";q=5;w=1, "quota";q=1000;w=86400',
  },
  RateLimit: {
    always: false,
    description: 'What is left of each: `r` emails, and the seconds `t` until it is whole again.',
    schema: { type: 'string' },
    example: '"rate";r=4;t=1, "quota";r=960;t=3600',
  },
  'RateLimit-Limit': {
    always: false,
    description:
      'Emails that the client may hand in: of its limits the one that is nearest to its end, in the form of earlier drafts.',
    schema: { type: 'integer', minimum: 0 },
  },
  'RateLimit-Remaining': {
    always: false,
    description: 'Emails that are left of it.',
    schema: { type: 'integer', minimum: 0 },
  },
  'RateLimit-Reset': {
    always: false,
    description: 'Seconds until it is whole again.',
    schema: { type: 'integer', minimum: 0 },
  },
  ETag: { always: true, description: 'What the content is told by.', schema: { type: 'string' } },
} as const;
export type AnswerHeader = keyof typeof answerHeaders;

/** What is left of a client's limits. */
export const rateLimits = [
  'RateLimit-Policy',
  'RateLimit',
  'RateLimit-Limit',
  'RateLimit-Remaining',
  'RateLimit-Reset',
] as const;
