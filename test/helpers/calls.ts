import type { Sql } from './engine.js';

/** A room of a match of its own. */
export async function room(sql: Sql, name = 'Lobby', match = 'Final'): Promise<number> {
  const [made] = await sql<{ id: string }>(
    `with m as (insert into calls.matches (title) values ($1) returning id)
     insert into calls.rooms (match_id, name) select m.id, $2 from m returning id`,
    [match, name],
  );
  return Number(made?.id);
}

export type Ring = {
  readonly from: { readonly id: string };
  readonly to: { readonly id: string };
  readonly room: number;
  /** Shorter than any route would take it; it was made a minute ago where that is past. */
  readonly seconds: number;
};

/** A pending invitation that came past the routes; its id. */
export async function ring(sql: Sql, { from, to, room, seconds }: Ring): Promise<number> {
  const [made] = await sql<{ id: string }>(
    `insert into calls.invitations (created_at, caller_id, receiver_id, room_id, expires_at)
     values (clock_timestamp() - interval '1 minute', $1, $2, $3,
       clock_timestamp() + $4::float8 * interval '1 second') returning id`,
    [from.id, to.id, room, seconds],
  );
  return Number(made?.id);
}

/** Approved users, made in one statement; their ids. */
export async function people(sql: Sql, count: number): Promise<{ id: string }[]> {
  return await sql<{ id: string }>(
    `insert into accounts.users (email, name, status, decided_at)
     select gen_random_uuid() || '@example.org', 'P' || n, 'approved', now()
     from generate_series(1, $1::int) n returning id`,
    [count],
  );
}

export async function statuses(sql: Sql): Promise<Record<string, number>> {
  const rows = await sql<{ status: string; n: number }>(
    'select status, count(*)::int as n from calls.invitations group by status order by status',
  );
  return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
}

/** The pairs that calls.pending has beside the pending invitations, or lacks: none. */
export async function misplaced(sql: Sql): Promise<unknown[]> {
  return await sql(
    `select invitation_id, i.id from calls.pending as p
     full join (select * from calls.invitations where status = 'pending') as i
       on i.id = p.invitation_id and i.caller_id = p.caller_id
         and i.receiver_id = p.receiver_id and i.expires_at = p.expires_at
     where p.invitation_id is null or i.id is null`,
  );
}
