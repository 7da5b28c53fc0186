import test from 'ava';
import type pg from 'pg';
import { gone, told } from '../../helpers/clean-up.js';
import { testDatabase } from '../../helpers/database.js';
import { isExact, numbers, type Sql, sqlOf } from '../../helpers/engine.js';

/** What a dry run says has to be what clean-ups then do, in pieces of a few rows. */

const OLD = `now() - interval '9 days'`;

function saidOn(session: pg.Client): string[] {
  const said: string[] = [];
  session.on('notice', ({ severity, message }) => said.push(`${severity}: ${message}`));
  return said;
}

async function rule(sql: Sql, name: string, filter = 'true'): Promise<void> {
  await sql(`select tally.create_retention($1, $2::regclass, 'at', '7 days', $3)`, [
    name,
    `public.${name}`,
    filter,
  ]);
}

const pieces = (sql: Sql, rows: number) =>
  sql('update tally.settings set clean_up_rows = $1', [rows]);

test('rows that a cascade of a later rule frees are foreseen', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`create table public.a (id int primary key, at timestamptz);
    create table public.b (id int primary key, at timestamptz);
    create table public.between (a int references public.a,
      b int references public.b on delete cascade);
    insert into public.a select n, ${OLD} from generate_series(1, 20) n;
    insert into public.b select n, ${OLD} from generate_series(1, 20) n;
    insert into public.between select n, n from generate_series(1, 10) n`);
  await rule(sql, 'a');
  await rule(sql, 'b');
  await pieces(sql, 3);
  t.deepEqual(await told(sql), { a: '20/0', b: '20/0' });
  t.deepEqual(await gone(sql), { a: '20/0', b: '20/0' });
});

for (const [filter, expected] of [
  ['up is null', 30],
  ['up is not null', 29],
  ['up is not null and id <> 7', 28],
] as const) {
  test(`a key that sets null in its own table, and a filter that looks at it: ${filter}`, async (t) => {
    const { sql } = await testDatabase(t);
    await sql(`create table public.s (id int primary key,
        up int references public.s on delete set null, at timestamptz);
      insert into public.s select n, nullif(n / 2, 0), ${OLD} from generate_series(1, 30) n;
      insert into public.s select 30 + n, n, now() from generate_series(1, 5) n;
      select tally.create_counter('s', 'public.s'); select tally.fill()`);
    await rule(sql, 's', filter);
    await pieces(sql, 4);
    const figures = { s: `${expected}/0` };
    t.deepEqual(await told(sql), figures);
    t.deepEqual(await gone(sql), figures);
    await isExact(t, sql);
  });
}

test('a key that sets null in the table of another rule, whose filter looks at it', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`create table public.p (id int primary key, at timestamptz);
    create table public.c (id int primary key, p int references public.p on delete set null,
      at timestamptz);
    insert into public.p select n, ${OLD} from generate_series(1, 20) n;
    insert into public.c select id, nullif(id, 4), at from public.p`);
  await rule(sql, 'p');
  await rule(sql, 'c', 'p is null');
  await pieces(sql, 3);
  t.deepEqual(await told(sql), { c: '20/0', p: '20/0' });
  t.deepEqual(await gone(sql), { c: '20/0', p: '20/0' });
});

test('a foreign key that is not enforced protects nothing', async (t) => {
  const { sql } = await testDatabase(t);
  const [server] = await sql(`select current_setting('server_version_num')::int as number`);
  if (server?.number < 180000) {
    t.pass('PostgreSQL 18 has them first');
    return;
  }
  await sql(`create table public.p (id int primary key, at timestamptz);
    create table public.c (p int references public.p not enforced,
      q int references public.p on delete cascade not enforced);
    insert into public.p select n, ${OLD} from generate_series(1, 20) n;
    insert into public.c values (3, 4), (5, 6)`);
  await rule(sql, 'p');
  t.deepEqual(await told(sql), { p: '20/0' });
  t.deepEqual(await gone(sql), { p: '20/0' });
});

test('rows of inheriting tables neither refer nor are referred to by the keys of their parents', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`create table public.p (id int primary key, at timestamptz);
    create table public.heir (x int unique) inherits (public.p);
    create table public.c (p int references public.p);
    create table public.c_heir () inherits (public.c);
    create table public.d (x int references public.heir (x));
    insert into public.p select n, ${OLD} from generate_series(1, 10) n;
    insert into public.heir select n, ${OLD}, n from generate_series(1, 10) n;
    insert into public.c values (3), (4);
    insert into public.c_heir values (5);
    insert into public.d values (7), (8), (9)`);
  await rule(sql, 'p');
  await pieces(sql, 3);
  t.deepEqual(await told(sql), { p: '15/0' });
  t.deepEqual(await gone(sql), { p: '15/0' });
});

test('a row whose going would set null where that is not allowed stays, and both runs say so', async (t) => {
  const { sql, client } = await testDatabase(t);
  await sql(`create table public.p (id int primary key, at timestamptz);
    create table public.c (p int not null references public.p on delete set null);
    insert into public.p select n, ${OLD} from generate_series(1, 20) n;
    insert into public.c values (3), (4)`);
  await rule(sql, 'p');
  await pieces(sql, 5);
  const session = await client();
  const said = saidOn(session);
  const why =
    'retention "p": 2 row(s) of public.p stay, for public.c refers to them (foreign key c_p_fkey, which would set null where that is not allowed)';
  t.deepEqual(await told(sqlOf(session)), { p: '18/0' });
  t.deepEqual(said, [`NOTICE: ${why}`]);
  t.deepEqual(await gone(sqlOf(session)), { p: '18/0' });
  t.true(said.includes(`WARNING: ${why}`), said.join('\n'));
});

for (const [onDrop, expected, counted] of [
  ['subtract', '5/1', 0],
  ['keep', '3/1', 5],
] as const) {
  test(`a partition that something depends on is not promised, with on_drop ${onDrop}`, async (t) => {
    const { sql, client } = await testDatabase(t);
    await sql(`create table public.log (at timestamptz not null) partition by range (at);
      create table public.p1 partition of public.log for values from ('2020-01-01') to ('2020-02-01');
      create table public.p2 partition of public.log for values from ('2020-02-01') to ('2020-03-01');
      insert into public.log select '2020-01-05' from generate_series(1, 2);
      insert into public.log select '2020-02-05' from generate_series(1, 3);
      create view public.seen as select at from public.p1;
      select tally.create_counter('log', 'public.log'); select tally.fill();
      select tally.create_retention('log', 'public.log', 'at', '1 year', on_drop => '${onDrop}')`);
    const session = await client();
    const said = saidOn(session);
    const figures = { log: expected };
    t.deepEqual(await told(sqlOf(session)), figures);
    const rest = onDrop === 'keep' ? 'stay' : 'go one by one';
    const warning = `WARNING: retention "log": public.p1 cannot be dropped: view public.seen depends on it; its rows ${rest}`;
    t.deepEqual(said, [warning]);
    t.deepEqual(await gone(sqlOf(session)), figures);
    t.is(said[1], warning);
    t.deepEqual(await numbers(sql), { log: counted });
    await isExact(t, sql);
  });
}

test('a foreign key between columns of different collations', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`create table public.p (id text collate "C" primary key, at timestamptz);
    create table public.c (p text collate "POSIX" references public.p);
    create table public.d (p varchar(9) collate "POSIX" references public.p on delete cascade);
    create table public.e (p text collate "POSIX" references public.p on delete set null,
      id int primary key, at timestamptz);
    insert into public.p select n, ${OLD} from generate_series(1, 20) n;
    insert into public.c values (3), (4);
    insert into public.d values (4), (5);
    insert into public.e values (6, 1, ${OLD}), (null, 2, ${OLD}), (3, 3, ${OLD})`);
  await rule(sql, 'p');
  await rule(sql, 'e', 'p is null');
  t.deepEqual(await told(sql), { e: '2/0', p: '18/0' });
  t.deepEqual(await gone(sql), { e: '2/0', p: '18/0' });
});

test('a rule that keeps rows from being deleted is named, and is not called a trigger', async (t) => {
  const { sql, client } = await testDatabase(t);
  await sql(`create table public.k (id int primary key, at timestamptz);
    insert into public.k select n, ${OLD} from generate_series(1, 3) n;
    create rule never as on delete to public.k do instead nothing`);
  await rule(sql, 'k');
  const session = await client();
  const said = saidOn(session);
  t.deepEqual(await gone(sqlOf(session)), { k: '0/0' });
  const warning =
    'WARNING: retention "k": 3 row(s) of public.k were left, for its rule never kept them';
  t.true(said.includes(warning), said.join('\n'));
});

test('rows that a BEFORE trigger keeps hold up none behind them, and are told', async (t) => {
  const { sql, client } = await testDatabase(t);
  await sql(`create table public.k (id int primary key, at timestamptz);
    insert into public.k select n, ${OLD} from generate_series(1, 20) n;
    create function public.keep() returns trigger language plpgsql
      as $$ begin return case when old.id > 10 then old end; end $$;
    create trigger keep before delete on public.k for each row execute function public.keep()`);
  await rule(sql, 'k');
  await pieces(sql, 3);
  const session = await client();
  const said = saidOn(session);
  await told(sqlOf(session));
  t.deepEqual(said, [
    'NOTICE: retention "k": a trigger may keep rows that are counted here, or fail (keep of public.k)',
  ]);
  t.deepEqual(await gone(sqlOf(session)), { k: '10/0' });
  const warning =
    'WARNING: retention "k": 10 row(s) of public.k were left, for a BEFORE trigger kept them';
  t.true(said.includes(warning), said.join('\n'));
  t.deepEqual(await sql('select min(id) as low, count(*)::int as n from public.k'), [
    { low: 1, n: 10 },
  ]);
});

/** The same numbers for the same seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

const ACTIONS = ['', 'on delete restrict', 'on delete cascade', 'on delete set null'];
const TABLES = ['a', 'b', 'c', 'd', 'e', 'f'];

/** Tables without rules between those with; filters that look at what keys set. */
async function createThicket(sql: Sql, random: (below: number) => number): Promise<string[]> {
  const said: string[] = [];
  const run = async (text: string) => {
    said.push(text);
    await sql(text);
  };
  for (const table of TABLES) {
    await sql(`create table public.${table} (id int primary key, at timestamptz);
      insert into public.${table}
      select n, now() - (n * 7919 % 23) * interval '1 day' from generate_series(1, 30) n`);
  }
  const filters = new Map<string, string>();
  for (let key = 0; key < 7; key += 1) {
    const parent = random(TABLES.length);
    const child = parent + random(TABLES.length - parent);
    const action = ACTIONS[parent === child ? 2 + random(2) : random(4)] ?? '';
    const name = TABLES[child] ?? '';
    await run(`alter table public.${name} add column k${key} int`);
    await run(`update public.${name} set k${key} = case when id % ${2 + random(4)} = 0
      then 1 + id * ${1 + random(28)} % 30 end`);
    const isFixed = random(8) === 0;
    if (isFixed) await run(`update public.${name} set k${key} = coalesce(k${key}, 1)`);
    await run(`alter table public.${name} add foreign key (k${key})
      references public.${TABLES[parent]} ${action}`);
    if (isFixed) await run(`alter table public.${name} alter column k${key} set not null`);
    else if (random(2) === 0) filters.set(name, `k${key} is ${random(2) === 0 ? '' : 'not '}null`);
  }
  for (const table of TABLES) {
    if (random(3) === 0) continue;
    await run(`select tally.create_retention('r${random(9)}${table}', 'public.${table}', 'at',
      '${5 + random(12)} days', $f$${filters.get(table) ?? 'true'}$f$)`);
  }
  await run(`update tally.settings set clean_up_rows = ${1 + random(20)}`);
  return said;
}

test('tables without rules between those with, and filters on what keys set', async (t) => {
  for (let seed = 1; seed <= 6; seed += 1) {
    const { sql } = await testDatabase(t);
    const thicket = await createThicket(sql, randomOf(seed));
    const expected = await told(sql);
    t.deepEqual(await gone(sql), expected, `seed ${seed}: ${thicket.join(';\n')}`);
  }
});
