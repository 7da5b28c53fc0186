import test from 'ava';
import { type TestDatabase, testDatabase } from '../../helpers/database.js';
import { isExact, numberOf, sqlOf, standing } from '../../helpers/engine.js';
import { copyIn } from './oracle/copy-in.js';

/** Writes into partitioned tables: through the root, in between, and straight into a leaf. */

async function regions(db: TestDatabase): Promise<void> {
  await db.sql(`
    create table public.sales (id int, region text, year int, price int)
      partition by list (region);
    create table public.sales_eu partition of public.sales for values in ('eu')
      partition by range (year);
    create table public.sales_eu_old partition of public.sales_eu for values from (0) to (2000);
    create table public.sales_eu_new (price int, gone int, year int, region text, id int);
    alter table public.sales_eu_new drop column gone;
    alter table public.sales_eu attach partition public.sales_eu_new for values from (2000) to (3000);
    create table public.sales_us partition of public.sales for values in ('us');
    select tally.create_counter('sales', 'public.sales');
    select tally.create_counter('region', 'public.sales', scope => 'region');
    select tally.create_counter('year', 'public.sales', scope => 'year', amount => 'price')`);
}

test('a row counts once, whichever table its statement names', async (t) => {
  const db = await testDatabase(t);
  await regions(db);
  await db.sql(`
    insert into public.sales values (1, 'eu', 1999, 1), (2, 'eu', 2001, 2), (3, 'us', 2001, 3);
    insert into public.sales_eu values (4, 'eu', 1999, 4), (5, 'eu', 2001, 5);
    insert into public.sales_eu_new (id, region, year, price) values (6, 'eu', 2001, 6)`);
  await copyIn(await db.client(), 'copy public.sales_us from stdin', '7\tus\t1999\t7\n');
  await copyIn(await db.client(), 'copy public.sales from stdin', '8\teu\t1999\t8\n');
  t.deepEqual(await standing(db.sql), {
    sales: 8,
    'region:eu': 6,
    'region:us': 2,
    'year:1999': 20,
    'year:2001': 16,
  });
  await db.sql(`
    update public.sales_eu set price = price * 10;
    update public.sales_us set price = 0;
    delete from public.sales_eu_old where id = 1;
    delete from public.sales where id in (2, 3)`);
  t.deepEqual(await standing(db.sql), {
    sales: 5,
    'region:eu': 4,
    'region:us': 1,
    'year:1999': 120,
    'year:2001': 110,
  });
  await isExact(t, db.sql);
});

test('an UPDATE that moves rows between partitions takes them along', async (t) => {
  const db = await testDatabase(t);
  await regions(db);
  await db.sql(`
    insert into public.sales select i, 'eu', 1990 + i, 1 from generate_series(1, 20) i;
    update public.sales set region = 'us' where id <= 5;
    update public.sales_eu set year = year + 10 where id between 6 and 9;
    update public.sales set region = 'eu', year = 2020 where id = 1`);
  t.is(await numberOf(db.sql, 'sales'), 20);
  t.deepEqual(await standing(db.sql, 'region'), { 'region:eu': 16, 'region:us': 4 });
  t.is(await numberOf(db.sql, 'year', '2020'), 1);
  await isExact(t, db.sql);
});

for (const [what, merge] of [
  ['moves rows', `when matched then update set region = 'us'`],
  [
    'moves rows and inserts',
    `when matched then update set region = 'us'
     when not matched then insert values (s.id, 'eu', 1999, 1)`,
  ],
  [
    'inserts one row before it updates another',
    `when matched then update set price = s.id * 100
     when not matched then insert values (s.id, 'us', 2001, 7)`,
  ],
  [
    'moves, inserts and deletes',
    `when matched and s.id = 2 then delete
     when matched then update set region = 'us', year = 1980
     when not matched then insert values (s.id, 'eu', 1999, 1)`,
  ],
] as const) {
  test(`a MERGE that ${what} leaves no wrong number in sight`, async (t) => {
    const db = await testDatabase(t);
    await regions(db);
    await db.sql(`insert into public.sales values (1, 'eu', 1999, 1), (2, 'eu', 2001, 2)`);
    const sql = sqlOf(await db.client());
    // Row by row in the order of the list: it is the order of actions that matters.
    await sql('set enable_hashjoin = off; set enable_mergejoin = off');
    await sql(
      `merge into public.sales t using (values (9), (1), (8), (2)) s (id) on t.id = s.id ${merge}`,
    );
    t.deepEqual(await db.sql('select * from tally.verify()'), []);
    await db.sql(`select * from tally.work('1 minute')`);
    await isExact(t, db.sql);
  });
}

test('TRUNCATE of a leaf, of what is between, and of the root counts what each held', async (t) => {
  const db = await testDatabase(t);
  await regions(db);
  await db.sql(`insert into public.sales
    select i, case i % 3 when 0 then 'us' else 'eu' end, 1990 + i, 1 from generate_series(1, 18) i`);
  await db.sql('truncate public.sales_eu_new');
  t.deepEqual(await standing(db.sql, 'region'), { 'region:eu': 6, 'region:us': 6 });
  await db.sql('truncate public.sales_eu');
  t.deepEqual(await standing(db.sql, 'region'), { 'region:us': 6 });
  await isExact(t, db.sql);
  await db.sql('truncate public.sales');
  t.deepEqual(await standing(db.sql), {});
  await isExact(t, db.sql);
});

for (const [what, table, truncated, expected] of [
  ['after ours', 'sales_us', 'public.sales_us', undefined],
  ['before ours', 'sales_us', 'public.sales_us', 12],
  [
    'of another table of the statement',
    'sales_eu_new',
    'public.sales_us, public.sales_eu_new',
    undefined,
  ],
  ['of a table that stays', 'sales_eu_new', 'public.sales_us', 12],
] as const) {
  test(`TRUNCATE of a leaf with a trigger ${what} that removes rows shows no wrong number`, async (t) => {
    const db = await testDatabase(t);
    await regions(db);
    await db.sql(`
      insert into public.sales
      select i, case i % 3 when 0 then 'us' else 'eu' end, 2000, 1 from generate_series(1, 18) i;
      create function public.archive() returns trigger language plpgsql as $$
      begin
        delete from public.sales_us where id <= 6;
        return null;
      end $$;
      create trigger "${what === 'before ours' ? '_100' : 'archive'}" before truncate on public.${table}
        for each statement execute function public.archive()`);
    await db.sql(`truncate ${truncated}`);
    t.is(await numberOf(db.sql, 'sales'), expected);
    t.deepEqual(await db.sql('select * from tally.verify()'), []);
    await db.sql('select tally.fill()');
    await isExact(t, db.sql);
  });
}

test('a key that cascades into a partitioned table is counted in its leaves', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`
    create table public.owners (id int primary key);
    create table public.events (
      owner int references public.owners on delete cascade on update cascade, day int
    ) partition by range (day);
    create table public.events_1 partition of public.events for values from (0) to (10);
    create table public.events_2 partition of public.events for values from (10) to (20);
    select tally.create_counter('events', 'public.events', scope => 'owner');
    insert into public.owners values (1), (2);
    insert into public.events select 1 + i % 2, i from generate_series(0, 19) i;
    update public.owners set id = 3 where id = 2;
    delete from public.owners where id = 1`);
  t.deepEqual(await standing(db.sql), { 'events:3': 10 });
  await isExact(t, db.sql);
});
