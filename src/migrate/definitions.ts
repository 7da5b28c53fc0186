import type pg from 'pg';
import { BOOKS } from './books.js';
import type { ObjectFile, Part } from './tree.js';

/** A function or view as one file made it. */
export type Definition = {
  readonly kind: string;
  readonly identity: string;
  readonly path: string;
};

export type HandChange = Definition & {
  readonly recordedAt: Date;
  readonly change: 'changed' | 'dropped';
};

/** Functions and views that are nobody's extension and not the server's. */
const CATALOG = `
select case p.prokind when 'p' then 'procedure' else 'function' end as kind,
  pg_catalog.format('%I.%I(%s)', n.nspname, p.proname,
    pg_catalog.pg_get_function_identity_arguments(p.oid)) as identity,
  p.proname::text as name, p.oid, p.xmin::text as stamp, 'pg_proc'::regclass as class
from pg_catalog.pg_proc as p
join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and p.prokind <> 'a'
union all
select case c.relkind when 'm' then 'materialized view' else 'view' end,
  pg_catalog.format('%I.%I', n.nspname, c.relname),
  c.relname::text, c.oid, c.xmin::text || '/' || r.xmin::text, 'pg_class'::regclass
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
join pg_catalog.pg_rewrite as r on r.ev_class = c.oid and r.rulename = '_RETURN'
where c.relkind in ('v', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`;

const TEXT = `
case o.class when 'pg_proc'::regclass then pg_catalog.pg_get_functiondef(o.oid)
  else pg_catalog.pg_get_viewdef(o.oid) end`;

const MAJOR = `(pg_catalog.current_setting('server_version_num')::int / 10000)`;

type Stamped = {
  readonly kind: string;
  readonly identity: string;
  readonly name: string;
  readonly stamp: string;
};

/**
 * Watches one replay. After each file it looks which rows of the catalog are new or newer, and takes
 * those that the file names for the file's own: functions that a file lets SQL generate are not.
 */
export async function watchDefinitions(client: pg.Client) {
  let before = await stamps(client);
  const made = new Map<string, Definition>();
  return {
    made,
    after: async (file: ObjectFile) => {
      const now = await stamps(client);
      for (const [key, row] of now) {
        if (before.get(key)?.stamp === row.stamp || made.has(key)) continue;
        if (!file.text.includes(row.name)) continue;
        made.set(key, { kind: row.kind, identity: row.identity, path: file.path });
      }
      before = now;
    },
  };
}

async function stamps(client: pg.Client): Promise<Map<string, Stamped>> {
  const { rows } = await client.query<Stamped>(
    `select kind, identity, name, stamp from (${CATALOG}) as o`,
  );
  return new Map(rows.map((row) => [`${row.kind} ${row.identity}`, row]));
}

/**
 * What the files of a part made once, is still there, and was not made now: above all a function
 * whose parameters changed, where the old one stands beside the new and makes calls ambiguous.
 */
export async function leftOvers(
  client: pg.Client,
  part: Part,
  made: ReadonlyMap<string, Definition>,
): Promise<Definition[]> {
  const { rows } = await client.query<Definition>(
    `select d.kind, d.identity, d.path from ${BOOKS}.definitions as d
     join (${CATALOG}) as o on o.kind = d.kind and o.identity = d.identity
     where pg_catalog.starts_with(d.path, $1) order by d.path, d.identity`,
    [`${part}/`],
  );
  return rows.filter(({ kind, identity }) => !made.has(`${kind} ${identity}`));
}

/** Records what the files of one part made, as the catalog tells it at this moment. */
export async function recordDefinitions(
  client: pg.Client,
  part: Part,
  made: Iterable<Definition>,
): Promise<void> {
  await client.query(`delete from ${BOOKS}.definitions where pg_catalog.starts_with(path, $1)`, [
    `${part}/`,
  ]);
  await client.query(
    `insert into ${BOOKS}.definitions
       (kind, identity, path, fingerprint, server_major, recorded_at)
     select o.kind, o.identity, m.path, pg_catalog.md5(${TEXT}), ${MAJOR}, pg_catalog.now()
     from pg_catalog.jsonb_to_recordset($1::jsonb) as m (kind text, identity text, path text)
     join (${CATALOG}) as o on o.kind = m.kind and o.identity = m.identity
     on conflict (kind, identity) do update set path = excluded.path,
       fingerprint = excluded.fingerprint, server_major = excluded.server_major,
       recorded_at = excluded.recorded_at`,
    [JSON.stringify([...made])],
  );
}

/** Another major version writes the same definition differently: nothing is compared across. */
export async function handChanges(client: pg.Client, part: Part): Promise<HandChange[]> {
  const { rows } = await client.query<HandChange>(
    `select d.kind, d.identity, d.path, d.recorded_at as "recordedAt",
       case when o.oid is null then 'dropped' else 'changed' end as change
     from ${BOOKS}.definitions as d
     left join (${CATALOG}) as o on o.kind = d.kind and o.identity = d.identity
     where pg_catalog.starts_with(d.path, $1) and d.server_major = ${MAJOR}
       and (o.oid is null or pg_catalog.md5(${TEXT}) <> d.fingerprint)
     order by d.path, d.identity`,
    [`${part}/`],
  );
  return rows;
}

/** True after a major upgrade: what is recorded has to be taken anew. */
export async function recordedByOtherMajor(client: pg.Client, part: Part): Promise<boolean> {
  const { rows } = await client.query<{ other: boolean }>(
    `select exists (select from ${BOOKS}.definitions
       where pg_catalog.starts_with(path, $1) and server_major <> ${MAJOR}) as other`,
    [`${part}/`],
  );
  return rows[0]?.other === true;
}

/** A change made by hand at night was made for a reason: its text is kept when it is replaced. */
export async function keepReplaced(
  client: pg.Client,
  changes: readonly HandChange[],
): Promise<void> {
  await client.query(
    `insert into ${BOOKS}.replaced (kind, identity, definition, replaced_at)
     select o.kind, o.identity, ${TEXT}, pg_catalog.now()
     from (${CATALOG}) as o
     join pg_catalog.jsonb_to_recordset($1::jsonb) as m (kind text, identity text)
       on o.kind = m.kind and o.identity = m.identity`,
    [JSON.stringify(changes)],
  );
}
