import { invalid, Problem, type ProblemKind } from '../../http/problems.js';
import { DatabaseUnavailable, Refusal } from '../../live/refusal.js';
import type { Pool, Statement } from '../../pool.js';
import { isSqlError, NOT_THERE } from '../../sql-error.js';

/** An application's SQL refuses with these: docs/errors.md, section Applications. */
const REFUSALS: Readonly<Record<string, ProblemKind>> = {
  TA400: 'invalid-request',
  TA401: 'unauthenticated',
  TA403: 'forbidden',
  TA404: 'not-found',
  TA409: 'conflict',
};

/** Of a page whose counters cannot be read now: `detail` names them, `column` says why. */
const NOT_COUNTED = 'TA503';

/** Of a document whose builder fails, where there is no last one. */
const NOT_BUILT = 'TL021';

/** What a function returns, as JSON text that is never parsed here; undefined where it is NULL. */
export async function textOf(
  pool: Pool,
  call: string,
  values: readonly unknown[],
): Promise<string | undefined> {
  const [text] = await rowOf<[string | null]>(pool, `select ${call}::text`, values);
  return text ?? undefined;
}

export type Counted = {
  readonly text: string | undefined;
  /** Undefined where there is no number now. */
  readonly number: { readonly history: string; readonly json: string } | undefined;
};

/** What a function returns, and what a counter without scopes says in the same snapshot. */
export async function countedTextOf(
  pool: Pool,
  call: string,
  counter: string,
  values: readonly unknown[],
): Promise<Counted> {
  const [text, json, history] = await rowOf<[string | null, string | null, string]>(
    pool,
    `select ${call}::text,
       case when r.state = 'ready' and r.kind = 'counter' then r.json end, r.history
     from tally.read_topics(array['${counter}'], array['']) r`,
    values,
  );
  return { text: text ?? undefined, number: json === null ? undefined : { history, json } };
}

async function rowOf<Row extends unknown[]>(
  pool: Pool,
  text: string,
  values: readonly unknown[],
): Promise<Row> {
  try {
    const [row] = await pool.rows<Row>(statementOf(text), values);
    if (row === undefined) throw new Error(`no row of: ${text}`);
    return row;
  } catch (error) {
    throw problemOfSql(error);
  }
}

const statements = new Map<string, Statement>();

/** Prepared once on each session: there are as many as there are routes. */
function statementOf(text: string): Statement {
  const known = statements.get(text);
  if (known !== undefined) return known;
  const made = { name: `app-${statements.size}`, text };
  statements.set(text, made);
  return made;
}

function problemOfSql(error: unknown): unknown {
  if (!isSqlError(error)) return new DatabaseUnavailable(error);
  const { code = '', message, detail, column } = error;
  const kind = REFUSALS[code];
  if (kind === 'invalid-request') {
    return invalid([{ field: column ?? 'request', message: detail ?? message }]);
  }
  if (kind !== undefined) return new Problem(kind, message);
  if (code === NOT_COUNTED) {
    const topics = (detail ?? message).split(', ');
    return new Refusal(column === 'filling' ? 'filling' : 'broken', topics);
  }
  if (code === NOT_BUILT) {
    const said = 'A document that this shows cannot be built; tally.doctor() says why.';
    return new Problem('counter-broken', said, { cause: error });
  }
  if (NOT_THERE.has(code)) {
    return new Problem('not-found', 'This application is not in this database.', { cause: error });
  }
  return new DatabaseUnavailable(error);
}
