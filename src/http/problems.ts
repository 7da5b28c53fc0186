/** What an answer that is no success says: RFC 9457, one stable type for each. */

/** Each is documented in docs/errors.md, section HTTP; a test compares the two. */
export const PROBLEMS = {
  'invalid-request': { status: 400, title: 'The request is not valid' },
  'body-not-allowed': { status: 400, title: 'This request takes no body' },
  'malformed-request': { status: 400, title: 'This is not HTTP' },
  unauthenticated: { status: 401, title: 'Not signed in' },
  forbidden: { status: 403, title: 'Not allowed' },
  'unknown-topic': { status: 404, title: 'There is no such topic' },
  'not-found': { status: 404, title: 'There is nothing here' },
  'method-not-allowed': { status: 405, title: 'Not with this method' },
  'not-acceptable': { status: 406, title: 'Not in a form that is accepted' },
  conflict: { status: 409, title: 'Not as things stand now' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'Not in a form that can be read' },
  'request-timeout': { status: 408, title: 'The request took too long to arrive' },
  'too-many-streams': { status: 429, title: 'Too many streams' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  internal: { status: 500, title: 'Something went wrong here' },
  'counter-filling': { status: 503, title: 'There is nothing to show yet' },
  'counter-broken': { status: 503, title: 'It cannot be counted or built' },
  'counter-overflow': { status: 503, title: 'The number does not fit' },
  'database-unavailable': { status: 503, title: 'The database does not answer' },
  'keys-unavailable': { status: 503, title: 'Tokens cannot be checked' },
  'webhooks-off': { status: 503, title: 'Webhooks cannot be checked' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemKind = keyof typeof PROBLEMS;

/** One wrong field of a request. */
export type FieldError = { readonly field: string; readonly message: string };

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

type More = {
  readonly errors?: readonly FieldError[];
  readonly topics?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
};

/** Thrown anywhere below a route; answered in one place. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly kind: ProblemKind;
  readonly detail: string;
  readonly errors: readonly FieldError[] | undefined;
  readonly topics: readonly string[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(kind: ProblemKind, detail: string, more: More = {}) {
    super(detail, more.cause === undefined ? undefined : { cause: more.cause });
    this.kind = kind;
    this.detail = detail;
    this.errors = more.errors;
    this.topics = more.topics;
    this.headers = more.headers ?? {};
  }

  get status(): number {
    return PROBLEMS[this.kind].status;
  }
}

/** The body, as text: whoever sends it may have no Koa around, as when the headers never ended. */
export function problemText(problem: Problem, requestId?: string): string {
  const { kind, detail, errors, topics } = problem;
  const { status, title } = PROBLEMS[kind];
  const type = `/problems/${kind}`;
  // JSON.stringify leaves out what is undefined.
  return JSON.stringify({ type, title, status, detail, errors, topics, requestId });
}

export function invalid(errors: readonly FieldError[]): Problem {
  const detail = errors.map(({ field, message }) => `${field} ${message}`).join('; ');
  return new Problem('invalid-request', detail, { errors });
}
