import pg from 'pg';

/** Opening a session takes longer than this: the caller hears that the database is away. */
const CONNECT_TIMEOUT_MS = 5000;

/** The server ends a statement by itself; where it does not answer at all, we stop waiting. */
const ANSWER_GRACE_MS = 1000;

export type PoolOptions = {
  url: string;
  size: number;
  statementTimeoutMs: number;
  /** Sessions are shared behind our back (PgBouncer): no settings, no prepared statements. */
  isShared: boolean;
  onError: (error: Error) => void;
};

export type PoolStats = { size: number; open: number; idle: number; waiting: number };

export type Statement = { name: string; text: string };

export type Pool = {
  /** Rows as arrays, in the order of the statement's columns. */
  rows<Row extends unknown[]>(statement: Statement, values: readonly unknown[]): Promise<Row[]>;
  stats(): PoolStats;
  close(): Promise<void>;
};

/** Sessions for reading, kept open; each statement is prepared once on each. */
export function openPool({ url, size, statementTimeoutMs, isShared, onError }: PoolOptions): Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'pgtally',
    max: size,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: statementTimeoutMs + ANSWER_GRACE_MS,
    ...(isShared ? {} : { statement_timeout: statementTimeoutMs }),
  });
  // A session that dies while idle: the pool drops it and opens another when one is wanted.
  pool.on('error', onError);
  return {
    rows: async <Row extends unknown[]>({ name, text }: Statement, values: readonly unknown[]) => {
      const result = await pool.query<Row>({
        ...(isShared ? {} : { name }),
        text,
        values: [...values],
        rowMode: 'array',
      });
      return result.rows;
    },
    stats: () => ({
      size,
      open: pool.totalCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
    }),
    close: () => pool.end(),
  };
}
