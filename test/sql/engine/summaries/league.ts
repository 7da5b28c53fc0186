import type { ExecutionContext } from 'ava';
import { type TestDatabase, testDatabase } from '../../../helpers/database.js';
import type { Sql } from '../../../helpers/engine.js';
import { waitersAt } from '../../../helpers/gate.js';

/** A board for each league, and one document with the sum of all. */
const LEAGUE = `
  create schema app;
  create table app.scores (id int generated always as identity primary key,
    league text, player text, points int);
  create table app.calls (at timestamptz default clock_timestamp(), scope text);
  create function app.board(scope text) returns jsonb language sql stable as $$
    select jsonb_agg(jsonb_build_array(s.player, s.points) order by s.points desc, s.player)
    from app.scores s where s.league = scope
  $$;
  create function app.totals(scope text) returns jsonb language sql stable as $$
    select jsonb_build_object('players', count(*), 'points', coalesce(sum(s.points), 0))
    from app.scores s
  $$`;

/** A builder that stops in scope 'slow' until the test lets go of a lock. */
export const GATED = `create function app.gated(scope text) returns jsonb language plpgsql stable as $$
  begin
    if scope = 'slow' then perform pg_advisory_xact_lock_shared(4711); end if;
    return to_jsonb((select count(*) from app.scores where league = scope));
  end $$;
  alter function app.gated(text) set lock_timeout = 0;
  select tally.create_summary('gated', 'app.gated', settle => '0');
  select tally.watch('gated', 'app.scores', 'league')`;

/** Sessions that stand there. */
export const waiters = async (sql: Sql): Promise<number> => await waitersAt(sql, 4711);

export type Settings = { readonly settle?: string };

export async function league(
  t: ExecutionContext<unknown>,
  { settle = '0' }: Settings = {},
): Promise<TestDatabase> {
  const db = await testDatabase(t);
  await db.sql(LEAGUE);
  await db.sql(`select tally.create_summary('board', 'app.board', settle => $1)`, [settle]);
  await db.sql(`select tally.create_summary('totals', 'app.totals', settle => $1)`, [settle]);
  await db.sql(`select tally.watch('board', 'app.scores', 'league')`);
  await db.sql(`select tally.watch('totals', 'app.scores')`);
  return db;
}

/** Until nothing is due; what was built in all. */
export async function work(sql: Sql): Promise<number> {
  for (let built = 0; ; ) {
    await sql('select tally.collect_marks(), tally.expand_due()');
    const [row] = await sql<{ rebuilt: number }>('select rebuilt from tally.work()');
    if (row === undefined || row.rebuilt === 0) return built;
    built += row.rebuilt;
  }
}

/** Documents by topic, as they are stored. */
export async function documents(sql: Sql): Promise<Record<string, unknown>> {
  const rows = await sql<{ topic: string; body: unknown }>(
    `select name || case scope when '' then '' else ':' || scope end as topic, body
     from tally.summaries where body is not null order by 1`,
  );
  return Object.fromEntries(rows.map(({ topic, body }) => [topic, body]));
}

export type Document = {
  readonly body: unknown;
  readonly version: number;
  readonly built_at: Date;
  readonly due_since: Date | null;
  readonly error: string | null;
};

export async function document(sql: Sql, name: string, scope = ''): Promise<Document | undefined> {
  const [row] = await sql<Document & { version: string }>(
    `select body, version, built_at, due_since, error from tally.summaries
     where name = $1 and scope = $2`,
    [name, scope],
  );
  return row === undefined ? undefined : { ...row, version: Number(row.version) };
}

/** Scopes of the documents that uncollected marks concern; null: all of them. */
export async function marked(sql: Sql, name: string): Promise<(string | null)[]> {
  const rows = await sql<{ scope: string | null }>(
    `select distinct m.scope from tally.pending_marks m
     join tally.summary_definitions s on s.id = m.summary
     where s.name = $1 order by 1`,
    [name],
  );
  return rows.map(({ scope }) => scope);
}

/** Every document that is stored, and every one that should be, is what its builder says now. */
export const DIFFERENCES = `
  with wanted as (
    select 'board' as name, l.league as scope, app.board(l.league) as body
    from (select distinct league from app.scores where league is not null) l
    union all
    select 'totals', '', app.totals('')
  ), stored as (
    select name, scope, body from tally.summaries
  )
  select coalesce(w.name, s.name) as name, coalesce(w.scope, s.scope) as scope,
         w.body as wanted, s.body as stored
  from wanted w
  full join stored s on s.name = w.name and s.scope = w.scope
  where w.body is distinct from s.body`;
