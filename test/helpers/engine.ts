import type { ExecutionContext } from 'ava';
import pg from 'pg';

/** Runs one statement and returns its rows: of a test database, or of one session of it. */
export type Sql = <Row extends pg.QueryResultRow = pg.QueryResultRow>(
  text: string,
  values?: unknown[],
) => Promise<Row[]>;

export function sqlOf(client: pg.Client): Sql {
  return async <Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
    (await client.query<Row>(text, values)).rows;
}

/** The error that the server answers with; anything else, success too, is a failure of the test. */
export async function failure(
  work: Promise<unknown>,
  what = 'the statement',
): Promise<pg.DatabaseError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof pg.DatabaseError) return error;
    throw error;
  }
  throw new Error(`${what} was accepted, and should not have been`);
}

/** What can be read now, by topic: `name`, or `name:scope`. */
export async function numbers(sql: Sql, name?: string): Promise<Record<string, number>> {
  const rows = await sql<{ topic: string; value: string }>(
    `select name || case scope when '' then '' else ':' || scope end as topic, value
     from tally.counters where $1::text is null or name = $1 order by 1`,
    [name ?? null],
  );
  return Object.fromEntries(rows.map(({ topic, value }) => [topic, Number(value)]));
}

/** The numbers other than 0: a scope that was left by its last row keeps a row that says 0. */
export async function standing(sql: Sql, name?: string): Promise<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(await numbers(sql, name)).filter(([, value]) => value !== 0),
  );
}

export async function numberOf(sql: Sql, name: string, scope = ''): Promise<number | undefined> {
  const [row] = await sql<{ value: string }>(
    'select value from tally.counters where name = $1 and scope = $2',
    [name, scope],
  );
  return row === undefined ? undefined : Number(row.value);
}

/** Every counter agrees with its rows, and so that this says something, shows a number. */
export async function isExact(t: ExecutionContext<unknown>, sql: Sql): Promise<void> {
  t.deepEqual(await sql('select * from tally.verify()'), []);
  t.deepEqual(
    await sql(`select name, state from tally.counter_definitions where state <> 'filled'`),
    [],
  );
}

export type Finding = {
  readonly check: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  readonly remedy: string | null;
};

/** What the doctor says of one thing, such as `counter users`. */
export async function finding(sql: Sql, check: string): Promise<Finding> {
  const [row] = await sql<Finding>('select * from tally.doctor() d where d."check" = $1', [check]);
  if (row === undefined) throw new Error(`the doctor has no line for ${check}`);
  return row;
}

export async function pulse(
  sql: Sql,
): Promise<{ pulse: number; folded: number; announced: number }> {
  const [row] = await sql<{ pulse: string; folded: number; announced: number }>(
    'select * from tally.pulse()',
  );
  return { pulse: Number(row?.pulse), folded: row?.folded ?? 0, announced: row?.announced ?? 0 };
}

/** Drops a counter and makes it anew; nobody fills it before `refill`. */
export async function unfill(sql: Sql, name: string): Promise<void> {
  await sql(`do $do$ declare d tally.counter_definitions; begin
    select c.* into strict d from tally.counter_definitions c where c.name = '${name}';
    perform tally.drop_counter(d.name);
    perform tally.create_counter(d.name, d.source, d.filter, d.scope, d.amount, d.audience, d.ranked);
    update tally.definitions set fill_again_at = now() + interval '5 minutes' where name = d.name;
  end $do$`);
}

/** Whoever works fills it again, once the one before is swept away. */
export async function refill(sql: Sql, name: string): Promise<void> {
  await sql('update tally.definitions set fill_again_at = null where name = $1', [name]);
}

let roles = 0;

/** Roles belong to the server, which other tests use too: so each has a name of its own. */
export function roleName(purpose: string): string {
  roles += 1;
  return `t_${process.pid}_${purpose}_${roles}`;
}
