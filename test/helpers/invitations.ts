import type { Sql } from './engine.js';

/** The invitations of a call: pending until they are accepted, or until their time has come. */
export async function createInvitations(sql: Sql, options: { rule?: boolean } = {}): Promise<void> {
  await sql(`create schema calls;
    create table calls.invitations (
      id bigint generated always as identity primary key,
      receiver integer not null default 1,
      status text not null default 'pending',
      expires_at timestamptz not null,
      closed_at timestamptz
    )`);
  await sql(`select tally.create_counter('invitations', 'calls.invitations', scope => 'status')`);
  await sql(`select tally.create_counter('pending', 'calls.invitations', $$status = 'pending'$$,
    'receiver')`);
  if (options.rule !== false) await createRule(sql);
}

export async function createRule(sql: Sql): Promise<void> {
  await sql(`select tally.create_expiry('call_invitations', 'calls.invitations', 'expires_at',
    $$status = 'pending'$$, $$status = 'expired', closed_at = pg_catalog.now()$$)`);
}

/** Each due so many seconds from now; a negative number is in the past. */
export async function invite(sql: Sql, seconds: readonly number[]): Promise<number[]> {
  const rows = await sql<{ id: string }>(
    `insert into calls.invitations (expires_at)
     select clock_timestamp() + s * interval '1 second' from unnest($1::float8[]) s returning id`,
    [seconds],
  );
  return rows.map(({ id }) => Number(id));
}

export async function states(sql: Sql): Promise<Record<string, number>> {
  const rows = await sql<{ status: string; n: number }>(
    'select status, count(*)::int as n from calls.invitations group by status order by status',
  );
  return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
}

export async function expireDue(sql: Sql, batch = 1000): Promise<number> {
  const [row] = await sql<{ n: string }>('select tally.expire_due($1) as n', [batch]);
  return Number(row?.n);
}
