import test from 'ava';
import { gone, told } from '../../helpers/clean-up.js';
import { testDatabase } from '../../helpers/database.js';
import { failure, isExact, type Sql, sqlOf } from '../../helpers/engine.js';

const rowsOf = async (sql: Sql, table: string) => (await sql(`select from ${table}`)).length;

/** Parents 1 to 60, of 60 days; each of 1 to 40 has a child of 40 days, the last one a new one. */
async function createFamilies(sql: Sql, action: string): Promise<void> {
  await sql(`create table public.parents (id int primary key, at timestamptz);
    create table public.children (id int primary key, parent int references public.parents ${action},
      at timestamptz);
    insert into public.parents select n, now() - interval '60 days' from generate_series(1, 60) n;
    insert into public.children select n, n, now() - interval '40 days' from generate_series(1, 40) n;
    update public.children set at = now() where id = 40;
    update tally.settings set clean_up_rows = 7;
    select tally.create_counter('parents', 'public.parents'); select tally.fill();
    select tally.create_retention('a', 'public.parents', 'at', '30 days');
    select tally.create_retention('b', 'public.children', 'at', '30 days')`);
}

test('parents go in the clean-up that takes their children, and the dry run knows it', async (t) => {
  const { sql } = await testDatabase(t);
  await createFamilies(sql, '');
  t.deepEqual(await told(sql), { a: '59/0', b: '39/0' });
  t.deepEqual(await told(sql, 'a'), { a: '20/0' }, 'without the other rule');
  t.deepEqual(await gone(sql), { a: '59/0', b: '39/0' });
  await isExact(t, sql);
});

test('children count for their own rule, and not as what a cascade took along', async (t) => {
  const { sql } = await testDatabase(t);
  await createFamilies(sql, 'on delete cascade');
  t.deepEqual(await told(sql), { a: '60/0', b: '39/0' });
  t.deepEqual(await gone(sql), { a: '60/0', b: '39/0' });
  t.is(await rowsOf(sql, 'public.children'), 0);
  await isExact(t, sql);
});

test('rows of a table that go along with each other count once, however many calls it takes', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`create table public.tree (id int primary key,
      parent int references public.tree on delete cascade, at timestamptz);
    insert into public.tree select n, nullif(n / 3, 0),
      now() - case when n <= 50 then interval '9 days' else interval '0' end
    from generate_series(1, 200) n;
    insert into public.tree select n, null, now() - interval '9 days' from generate_series(201, 230) n;
    update tally.settings set clean_up_rows = 4;
    select tally.create_counter('tree', 'public.tree'); select tally.fill();
    select tally.create_retention('tree', 'public.tree', 'at', '7 days')`);
  const expected = { tree: `${230 - (await staying(sql))}/0` };
  t.deepEqual(await told(sql), expected);
  t.deepEqual(await gone(sql), expected);
  await isExact(t, sql);
});

async function staying(sql: Sql): Promise<number> {
  const [row] = await sql<{ n: number }>(
    `with recursive going (id) as (
       select id from public.tree where at < now() - interval '7 days'
       union select c.id from going g join public.tree c on c.parent = g.id)
     select count(*)::int as n from public.tree where id not in (select id from going)`,
  );
  return row?.n ?? -1;
}

test('a row that a later foreign key holds stays, and holds up no other', async (t) => {
  const { sql, client } = await testDatabase(t);
  await createFamilies(sql, '');
  await sql(`create table public.notes (child int references public.children);
    insert into public.notes values (25), (30)`);
  const session = await client();
  const notices: string[] = [];
  session.on('notice', ({ message }) => notices.push(message ?? ''));
  const expected = { a: '57/0', b: '37/0' };
  t.deepEqual(await told(sqlOf(session)), expected);
  t.deepEqual(notices, [
    'retention "b": 2 row(s) of public.children stay, for public.notes refers to them (foreign key notes_child_fkey)',
    'retention "a": 3 row(s) of public.parents stay, for public.children refers to them (foreign key children_parent_fkey)',
  ]);
  t.deepEqual(await gone(sql), expected);
  await isExact(t, sql);
});

test('what would take a row along that is held stays, and holds up no other', async (t) => {
  const { sql, client } = await testDatabase(t);
  await createFamilies(sql, 'on delete cascade');
  await sql(`create table public.notes (child int references public.children);
    insert into public.notes values (25), (40);
    select tally.drop_retention('b')`);
  const session = await client();
  const notices: string[] = [];
  session.on('notice', ({ message }) => notices.push(message ?? ''));
  t.deepEqual(await told(sqlOf(session)), { a: '58/0' });
  t.deepEqual(notices, [
    'retention "a": 38 row(s) of public.children go too (on delete cascade)',
    'retention "a": 2 row(s) of public.parents stay, for something refers to what would go with them (foreign key notes_child_fkey of public.notes)',
  ]);
  t.deepEqual(await gone(sql), { a: '58/0' });
  t.is(await rowsOf(sql, 'public.children'), 2);
});

test('rules of one table that both match count a row once, and a partition too', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`create table public.log (at timestamptz not null, kind int) partition by range (at);
    create table public.log_1 partition of public.log for values from ('2020-01-01') to ('2020-02-01');
    create table public.log_2 partition of public.log for values from ('2020-02-01') to ('2030-02-01');
    insert into public.log select '2020-01-05', n % 2 from generate_series(1, 10) n;
    insert into public.log select '2020-02-05', n % 2 from generate_series(1, 30) n;
    update tally.settings set clean_up_rows = 4;
    select tally.create_retention('odd', 'public.log', 'at', '1 year', 'kind = 1');
    select tally.create_retention('all', 'public.log', 'at', '2 years');
    select tally.create_retention('more', 'public.log', 'at', '1 year')`);
  const expected = { all: '40/1', more: '0/0', odd: '0/0' };
  t.deepEqual(await told(sql), expected);
  t.deepEqual(await gone(sql), expected);
});

test('who may not read a table that refers to what goes is told the grant that is missing', async (t) => {
  const { sql } = await testDatabase(t);
  await createFamilies(sql, '');
  await sql(`select tally.drop_retention('b'); create role t_poor_${process.pid};
    alter table public.parents owner to t_poor_${process.pid}`);
  t.teardown(async () => {
    await sql(`drop owned by t_poor_${process.pid} cascade; drop role t_poor_${process.pid}`);
  });
  const error = await failure(
    sql(`select tally.drop_retention('a');
      select tally.create_retention('a', 'public.parents', 'at', '30 days')`),
  );
  t.is(error.code, '42501');
  t.is(error.hint, `grant select on public.children to t_poor_${process.pid};`);
});

/** The same numbers for the same seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

const TABLES = ['a', 'b', 'c', 'd'];
const ACTIONS = ['', '', 'on delete restrict', 'on delete cascade', 'on delete cascade'];
ACTIONS.push('on delete set null', 'deferrable initially deferred');

/** Tables that refer to each other and to themselves by whatever keys, and rules for most of them. */
async function createMaze(
  sql: Sql,
  random: (below: number) => number,
  circles: boolean,
): Promise<string[]> {
  const said: string[] = [];
  for (const table of TABLES) {
    await sql(`create table public.${table} (id int primary key, at timestamptz)`);
    await sql(`insert into public.${table}
      select n, now() - (n * 7919 % 23) * interval '1 day' from generate_series(1, 40) n`);
  }
  for (let key = 0; key < 6; key += 1) {
    const parent = random(TABLES.length);
    const child = circles ? random(TABLES.length) : parent + random(TABLES.length - parent);
    const action = parent === child ? 'on delete cascade' : (ACTIONS[random(ACTIONS.length)] ?? '');
    const text = `alter table public.${TABLES[child]}
      add column k${key} int references public.${TABLES[parent]} ${action}`;
    said.push(text);
    await sql(text);
    await sql(
      `update public.${TABLES[child]}
      set k${key} = case when id % $1 = 0 then 1 + id * $2 % 40 end`,
      [2 + random(5), 1 + random(30)],
    );
  }
  for (const table of TABLES) {
    if (random(4) === 0) continue;
    const text = `select tally.create_retention('r${random(9)}${table}', 'public.${table}', 'at',
      '${5 + random(12)} days')`;
    said.push(text);
    await sql(text);
  }
  await sql('update tally.settings set clean_up_rows = $1', [1 + random(30)]);
  return said;
}

for (const circles of [false, true]) {
  const what = circles ? 'also in circles' : 'upwards and to itself';
  test(`whatever refers to what, ${what}, a clean-up does as its dry run said`, async (t) => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const { sql } = await testDatabase(t);
      const maze = await createMaze(sql, randomOf(seed), circles);
      const expected = await told(sql);
      t.deepEqual(await gone(sql), expected, `seed ${seed}: ${maze.join(';\n')}`);
    }
  });
}
