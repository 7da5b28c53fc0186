import test from 'ava';
import { type TestDatabase, testDatabase } from '../../helpers/database.js';
import { finding, isExact, numberOf, standing } from '../../helpers/engine.js';

/** Row triggers of the application that send a row to another partition. */

const MERGE = `
  merge into public.p using (values (1, 200)) s (id, amt) on p.id = s.id
  when matched then update set amt = s.amt`;

/** What makes `mover` a trigger: on the table, or on one partition of it. */
const mover = (on: string, body: string) => `
  create or replace function public.mv() returns trigger language plpgsql as $$
  begin
    if new.amt > 100 then ${body} end if;
    return new;
  end $$;
  create trigger mover before update on ${on} for each row execute function public.mv()`;

const ATTACH = `select relation::text, attached from tally.attach('public.p')`;

async function table(db: TestDatabase): Promise<void> {
  await db.sql(`
    create table public.p (id int, region text, amt int, changed_at timestamptz)
      partition by list (region);
    create table public.p_a partition of public.p for values in ('a');
    create table public.p_b partition of public.p for values in ('b')`);
}

const COUNTER = `
  select tally.create_counter('by_region', 'public.p', scope => 'region', amount => 'amt');
  insert into public.p values (1, 'a', 1), (2, 'a', 2), (3, 'b', 3)`;

for (const [what, on, body] of [
  ['sets the key', 'public.p', `new.region := 'b';`],
  ['of a partition sets the key', 'public.p_a', `new.region := 'b';`],
  [
    'puts another row in the place of NEW',
    'public.p',
    `new := jsonb_populate_record(new, '{"reg\\u0069on": "b"}');`,
  ],
] as const) {
  test(`a MERGE whose row a trigger that ${what} moves leaves no wrong number in sight`, async (t) => {
    const db = await testDatabase(t);
    await table(db);
    await db.sql(mover(on, body));
    await db.sql(COUNTER);
    await db.sql(MERGE);
    t.deepEqual(await db.sql(`select region from public.p where id = 1`), [{ region: 'b' }]);
    t.is(await numberOf(db.sql, 'by_region', 'b'), undefined);
    await db.sql('select tally.fill()');
    t.deepEqual(await standing(db.sql), { 'by_region:a': 2, 'by_region:b': 203 });
    await isExact(t, db.sql);
  });
}

test('an UPDATE whose row a trigger moves is counted in place', async (t) => {
  const db = await testDatabase(t);
  await table(db);
  await db.sql(mover('public.p', `new.region := 'b';`));
  await db.sql(COUNTER);
  await db.sql('update public.p set amt = 200 where id = 1');
  t.deepEqual(await standing(db.sql), { 'by_region:a': 2, 'by_region:b': 203 });
  await isExact(t, db.sql);
});

test('a MERGE whose row is moved by a trigger that came after the counter leaves no wrong number', async (t) => {
  const db = await testDatabase(t);
  await table(db);
  await db.sql(COUNTER);
  await db.sql(mover('public.p', `new.region := 'b';`));
  t.is((await finding(db.sql, 'triggers on public.p')).status, 'ok');
  t.deepEqual(await db.sql(ATTACH), []);
  await db.sql(MERGE);
  t.is(await numberOf(db.sql, 'by_region', 'b'), undefined);
  await db.sql('call tally.tick()');
  await isExact(t, db.sql);
});

test('the doctor misses a partition key that the row trigger does not look at, and attach mends it', async (t) => {
  const db = await testDatabase(t);
  await table(db);
  await db.sql(COUNTER);
  await db.sql(`create table public.p_c partition of public.p for values in ('c') partition by list (amt);
    create table public.p_c1 partition of public.p_c for values in (1)`);
  const found = await finding(db.sql, 'triggers on public.p');
  t.is(found.status, 'fail');
  t.regex(found.detail, /~500_tally_key/);
  t.regex(found.remedy ?? '', /tally\.attach/);
  t.true((await db.sql(ATTACH)).some((row) => row.attached === '~500_tally_key'));
  t.is((await finding(db.sql, 'triggers on public.p')).status, 'ok');
  t.deepEqual(await db.sql(ATTACH), []);
});
