import { connect, withClient } from '../../../../src/database.js';
import { onDatabase } from '../../../helpers/database.js';
import { until } from '../../../helpers/wait.js';
import { COUNTERS } from './counters.js';

/** A database with every kind of source and counter that the oracle watches. */

const TABLES = `
create schema app;
create type app.kind as enum ('open', 'active', 'closed');

create table app.one (id int primary key);

-- Its key is checked at the end of a statement, so that rows can swap theirs.
create table app.bare (
  id int primary key deferrable initially immediate, n int, amount numeric
);

create table app.items (
  id int primary key, grp text, kind app.kind, day date, at timestamptz, n int,
  amount numeric, big bigint, flag boolean, twice bigint generated always as (n::bigint * 2) stored
);

create table app.derived (
  id int primary key, n int, m int generated always as (n % 5) $generated
);

create table app.parents (id int primary key, owner int);
create table app.children (
  id int primary key,
  parent_id int references app.parents on delete cascade on update cascade,
  other_id int references app.parents on delete set null on update set null,
  state text
);

create table app.listed (
  id int, region text, n int, grp text, amount numeric, primary key (id, region, n)
) partition by list (region);
create table app.listed_eu partition of app.listed for values in ('eu');
create table app.listed_us partition of app.listed for values in ('us') partition by range (n);
create table app.listed_us_low partition of app.listed_us for values from (minvalue) to (0);
create table app.listed_us_high partition of app.listed_us for values from (0) to (maxvalue);
create table app.listed_rest partition of app.listed default;

-- The second leaf has its columns in another order, as one that was attached later may.
create table app.ranged (
  id int, day date, parent_id int references app.parents on delete cascade on update cascade,
  n int, score float8, primary key (id, day)
) partition by range (day);
create table app.ranged_1 partition of app.ranged
  for values from ('2026-01-01') to ('2026-02-01');
create table app.ranged_2 (
  score float8, gone int, n int, day date not null, parent_id int, id int not null
);
alter table app.ranged_2 drop column gone;
alter table app.ranged attach partition app.ranged_2
  for values from ('2026-02-01') to ('2026-03-01');

create table app.guarded (id int primary key, tenant text, n int);
alter table app.guarded enable row level security;
create policy own_rows on app.guarded to $writer
  using (tenant in ('a', 'b')) with check (tenant is distinct from 'b');

create table app.shaped (id int primary key, grp text, n int);
create function app.shape() returns trigger language plpgsql as $shape$
begin
  if tg_op = 'DELETE' then
    return case when old.n = 7 then null else old end;
  end if;
  new.grp := upper(new.grp);
  return case when new.n = 13 then null else new end;
end
$shape$;
create trigger shape before insert or update or delete on app.shaped
  for each row execute function app.shape();

grant usage on schema app to $writer;
grant all on all tables in schema app to $writer;
`;

/** The tables that a consistent look has to hold against TRUNCATE, always in this order. */
export const ROOTS = [
  'one',
  'bare',
  'items',
  'derived',
  'parents',
  'children',
  'listed',
  'ranged',
  'guarded',
  'shaped',
].map((name) => `app.${name}`);

/** A role that is no superuser, so that row-level security means something to it. */
export function writerOf(suffix: string): string {
  return `oracle_writer_${suffix}`;
}

export async function installFixture(url: string, writer: string): Promise<void> {
  await withClient(url, 'oracle fixture', async (client) => {
    const version = await client.query<{ number: number }>(
      `select current_setting('server_version_num')::int as number`,
    );
    const generated = (version.rows[0]?.number ?? 0) >= 180_000 ? 'virtual' : 'stored';
    await client.query('update tally.settings set fold_at = default');
    await client.query(`create role ${writer} nologin`);
    await client.query(TABLES.replaceAll('$writer', writer).replaceAll('$generated', generated));
    for (const { declare } of COUNTERS) await client.query(declare);
    await client.query('insert into app.parents select g, g % 4 from generate_series(1, 30) g');
  });
}

/** Roles belong to the whole cluster: they go when the last database that knows them is gone. */
export async function dropWriter(server: string, writer: string): Promise<void> {
  await withClient(server, 'oracle fixture', (client) =>
    client.query(`drop role if exists ${writer}`),
  );
}

export async function cloneDatabase(
  server: string,
  name: string,
  template: string,
): Promise<{ url: string; drop(): Promise<void> }> {
  const admin = await connect(server, 'oracle fixture');
  await admin.query(`create database ${name} template ${template}`);
  return {
    url: onDatabase(server, name),
    drop: async () => {
      await until(
        async () => {
          await admin.query(`drop database if exists ${name} with (force)`);
          return true;
        },
        { what: `dropping database ${name}` },
      );
      await admin.end();
    },
  };
}
