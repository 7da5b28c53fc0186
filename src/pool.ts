import pg from 'pg';
import { NO_ANSWER } from './database.js';
import { codeOf } from './errors.js';
import { isSqlError, READ_ONLY } from './sql-error.js';

/** Opening a session takes longer than this: the caller hears that the database is away. */
const CONNECT_TIMEOUT_MS = 5000;

/** The server ends a statement by itself; where it does not answer at all, we stop waiting. */
const ANSWER_GRACE_MS = 3000;

/**
 * So often PostgreSQL looks whether the other end of a session is still there: one that was given up
 * while it waits for a lock would wait on, beside those that were opened for it.
 */
const LOOK_MS = 1000;

/** So many stay while nobody asks: to open one and to plan on it takes longer than many reads. */
const KEPT = 4;
/** What stands between may forget a connection on which nothing goes. */
const KEEP_ALIVE_MS = 30_000;

/**
 * What is said of a request, and not of the session: our own errors, data and constraints. After
 * others (a plan or statement that is not valid any more, a session that may only read) a new
 * session may do better.
 */
const OF_THE_REQUEST = /^(?:T[AL]...|2[23]...)$/;

export type PoolOptions = {
  url: string;
  size: number;
  statementTimeoutMs: number;
  /** Sessions are shared behind our back (PgBouncer): no settings, no prepared statements. */
  isShared: boolean;
  onError: (error: Error) => void;
  /** A write failed because its session may only read. */
  onReadOnly?: () => void;
};

export type PoolStats = { size: number; open: number; idle: number; waiting: number };

type Used = { readonly used: pg.Pool; readonly client: pg.PoolClient };

export type Statement = {
  name: string;
  text: string;
  /** Where an answer must come much sooner than a statement may take. */
  answerMs?: number;
};

export type Pool = {
  /** Rows as arrays, in the order of the statement's columns. */
  rows<Row extends unknown[]>(statement: Statement, values: readonly unknown[]): Promise<Row[]>;
  stats(): PoolStats;
  /** From now on with new sessions: those that are there know a database that was another. */
  renew(): void;
  close(): Promise<void>;
};

/** Sessions for reading, some of them kept open; each statement is prepared once on each. */
export function openPool(options: PoolOptions): Pool {
  const { size, isShared, onReadOnly } = options;
  let pool = newPool(options);
  /** The one before, as long as somebody waits for an answer there. */
  let silent: pg.Pool | undefined;
  let mustRenew = false;
  const waiters = new Waiters(() => pool);
  let closed: Promise<void> | undefined;

  /** Both together have as many sessions as there may be, but one is there for new questions. */
  const share = () => {
    if (silent === undefined) return;
    pool.options.max = Math.max(1, size - silent.totalCount);
    if (silent.totalCount > 0) return;
    silent = undefined;
    if (mustRenew) replace(pool);
  };
  /** One answer that never came: the network has probably swallowed the other sessions too. */
  const replace = (used: pg.Pool) => {
    share();
    if (used !== pool || silent !== undefined || closed !== undefined) return;
    mustRenew = false;
    silent = pool;
    pool = newPool(options);
    void silent.end().catch(() => undefined);
    share();
    waiters.moveOn();
  };
  return {
    rows: async <Row extends unknown[]>(
      { name, text, answerMs }: Statement,
      values: readonly unknown[],
    ) => {
      share();
      const { used, client } = await waiters.session();
      let failure: unknown;
      try {
        const result = await client.query<Row>({
          ...(isShared ? {} : { name }),
          ...(answerMs === undefined ? {} : { query_timeout: answerMs }),
          text,
          values: [...values],
          rowMode: 'array',
        });
        return result.rows;
      } catch (error) {
        failure = error;
        if (error instanceof Error && error.message === NO_ANSWER) replace(used);
        if (codeOf(error) === READ_ONLY) onReadOnly?.();
        throw error;
      } finally {
        client.release(failure !== undefined && !OF_THE_REQUEST.test(codeOf(failure)));
        client.off('error', ignore);
      }
    },
    stats: () => ({
      size,
      open: pool.totalCount + (silent?.totalCount ?? 0),
      idle: pool.idleCount,
      waiting: pool.waitingCount,
    }),
    renew: () => {
      mustRenew = true;
      replace(pool);
    },
    close: () => {
      closed ??= pool.end();
      return closed;
    },
  };
}

/** Whoever waits for a session of a pool that ends would wait in vain: he goes on to the next one. */
class Waiters {
  readonly #pool: () => pg.Pool;
  readonly #waiting = new Set<() => void>();

  constructor(pool: () => pg.Pool) {
    this.#pool = pool;
  }

  async session(): Promise<Used> {
    const used = this.#pool();
    return await new Promise((resolve, reject) => {
      const moveOn = () => resolve(this.session());
      // Not before: where a certificate cannot be read, it throws.
      const connecting = used.connect();
      this.#waiting.add(moveOn);
      connecting.then(
        (client) => {
          if (this.#waiting.delete(moveOn)) resolve({ used, client });
          else client.release(true);
        },
        (error: unknown) => {
          if (this.#waiting.delete(moveOn)) reject(error);
        },
      );
    });
  }

  moveOn(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const moveOn of waiting) moveOn();
  }
}

function ignore(): void {
  // A session that ends while it is asked says so to whoever asked.
}

function newPool({ url, size, statementTimeoutMs, isShared, onError }: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'pgtally',
    max: size,
    min: Math.min(size, KEPT),
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: statementTimeoutMs + ANSWER_GRACE_MS,
    ...(isShared ? {} : { statement_timeout: statementTimeoutMs, onConnect: lookAfter }),
  });
  // A session that dies while idle: the pool drops it and opens another when one is wanted.
  pool.on('error', onError);
  // At once: between the pool's own listener and one of ours it may end.
  pool.on('acquire', (client) => client.on('error', ignore));
  return pool;
}

/** Where the server cannot look, on Windows say, a session that was given up ends by its time limit. */
async function lookAfter(client: pg.ClientBase): Promise<void> {
  const text = `select pg_catalog.set_config('client_connection_check_interval', $1, false),
    pg_catalog.set_config('idle_session_timeout', '0', false)`;
  try {
    await client.query(text, [`${LOOK_MS}`]);
  } catch (error) {
    if (!isSqlError(error)) throw error;
  }
}
