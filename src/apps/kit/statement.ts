import { invalid, Problem, type ProblemKind } from '../../http/problems.js';
import { DatabaseUnavailable } from '../../live/refusal.js';
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

/** What a function returns, as JSON text that is never parsed here; undefined where it is NULL. */
export async function textOf(
  pool: Pool,
  call: string,
  values: readonly unknown[],
): Promise<string | undefined> {
  try {
    const [row] = await pool.rows<[string | null]>(statementOf(call), values);
    return row?.[0] ?? undefined;
  } catch (error) {
    throw problemOfSql(error);
  }
}

const statements = new Map<string, Statement>();

/** Prepared once on each session: there are as many as there are routes. */
function statementOf(call: string): Statement {
  const known = statements.get(call);
  if (known !== undefined) return known;
  const made = { name: `app-${statements.size}`, text: `select ${call}::text` };
  statements.set(call, made);
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
  if (NOT_THERE.has(code)) {
    return new Problem('not-found', 'This application is not in this database.', { cause: error });
  }
  return new DatabaseUnavailable(error);
}
