import test, { type ExecutionContext } from 'ava';
import { type TestDatabase, testDatabase } from '../../helpers/database.js';
import { failure, finding, isExact, numberOf, numbers } from '../../helpers/engine.js';

/** Three counters of one source, one of which uses what is about to go. */
async function counted(db: TestDatabase, filter = `kind = 'a'`): Promise<void> {
  await db.sql(`create table public.t (id int, kind text, other text)`);
  await db.sql(`select tally.create_counter('plain', 'public.t')`);
  await db.sql(`select tally.create_counter('broken', 'public.t', $1)`, [filter]);
  await db.sql(`select tally.create_counter('scoped', 'public.t', 'id > 1', 'other')`);
  await db.sql(`insert into public.t values (1, 'a', 'x'), (2, 'a', 'y'), (3, 'b', 'y')`);
}

async function goesOnWithout(t: ExecutionContext<unknown>, db: TestDatabase): Promise<void> {
  await db.sql(`insert into public.t (id, other) values (4, 'y'), (5, 'z')`);
  await db.sql(`update public.t set other = 'x' where id = 4`);
  await db.sql('delete from public.t where id = 1');
  t.deepEqual(await numbers(db.sql), {
    plain: 4,
    'scoped:x': 1,
    'scoped:y': 2,
    'scoped:z': 1,
  });
  t.deepEqual(await db.sql('select * from tally.verify()'), []);
  const { status, detail, remedy } = await finding(db.sql, 'counter broken');
  t.is(status, 'fail');
  t.truthy(detail);
  t.regex(remedy ?? '', /tally\.fill\('broken'\)|tally\.drop_counter\('broken'\)/);
  for (const good of ['plain', 'scoped']) {
    t.is((await finding(db.sql, `counter ${good}`)).status, 'ok');
  }
}

test('a renamed column stops its counter alone, and named back it heals', async (t) => {
  const db = await testDatabase(t);
  await counted(db);
  t.is(await numberOf(db.sql, 'broken'), 2);
  await db.sql('alter table public.t rename column kind to sort');
  await goesOnWithout(t, db);
  t.regex((await finding(db.sql, 'counter broken')).detail, /kind/);
  await db.sql('call tally.tick()');
  t.is(await numberOf(db.sql, 'broken'), undefined);
  t.is((await failure(db.sql(`select * from tally.verify('broken')`))).code, 'TL015');

  await db.sql('alter table public.t rename column sort to kind');
  await db.sql(`insert into public.t values (6, 'a', 'z')`);
  await db.sql(`select tally.fill('broken')`);
  t.is(await numberOf(db.sql, 'broken'), 2);
  await isExact(t, db.sql);
});

test('a renamed column is named by verify, fill and repair before anything is written', async (t) => {
  const db = await testDatabase(t);
  await db.sql('create table public.t (id int, kind int)');
  await db.sql(`select tally.create_counter('c', 'public.t', scope => 'kind')`);
  await db.sql('alter table public.t rename column kind to sort');
  for (const act of ['verify', 'fill', 'repair']) {
    const error = await failure(db.sql(`select tally.${act}('c')`));
    t.is(error.code, 'TL013', act);
    t.regex(error.message, /^counter "c" cannot be counted: column t\.kind does not exist/, act);
  }
  const { detail } = await finding(db.sql, 'trigger functions of public.t');
  t.is(detail, 'what counter "c" uses is gone, so they cannot be compared');
});

test('a dropped column stops its counter alone, which can be dropped', async (t) => {
  const db = await testDatabase(t);
  await counted(db);
  await db.sql('alter table public.t drop column kind');
  await goesOnWithout(t, db);
  await db.sql(`select tally.drop_counter('broken')`);
  await db.sql(`insert into public.t (id, other) values (7, 'z')`);
  t.is(await numberOf(db.sql, 'plain'), 5);
  await isExact(t, db.sql);
});

test('a dropped function stops its counter alone, and put back it heals', async (t) => {
  const db = await testDatabase(t);
  const create = `create function public.is_a(text) returns boolean language sql immutable
    as $$ select $1 = 'a' $$`;
  await db.sql(create);
  await counted(db, 'public.is_a(kind)');
  await db.sql('drop function public.is_a(text)');
  await goesOnWithout(t, db);
  t.regex((await finding(db.sql, 'counter broken')).detail, /public\.is_a/);
  await db.sql(create);
  await db.sql(`select tally.fill('broken')`);
  t.is(await numberOf(db.sql, 'broken'), 1);
  await isExact(t, db.sql);
});

test('a dropped table leaves counters that show nothing and can be dropped, one by one', async (t) => {
  const db = await testDatabase(t);
  await counted(db);
  await db.sql('create table public.u (id int)');
  await db.sql(`select tally.create_counter('other', 'public.u'); insert into public.u values (1)`);
  await db.sql('drop table public.t');
  t.deepEqual(await numbers(db.sql), { other: 1 });
  const { status, remedy } = await finding(db.sql, 'counter plain');
  t.is(status, 'fail');
  t.is(remedy, `select tally.drop_counter('plain');`);
  for (const act of ['verify', 'fill', 'repair']) {
    t.is((await failure(db.sql(`select tally.${act}('plain')`))).code, 'TL012', act);
  }
  t.deepEqual(await db.sql('select * from tally.repair()'), []);
  await db.sql('call tally.tick()');

  await db.sql('create table public.t (id int)');
  const taken = await failure(db.sql(`select tally.create_counter('plain', 'public.t')`));
  t.is(taken.code, 'TL002');
  for (const name of ['plain', 'scoped', 'broken']) {
    await db.sql('select tally.drop_counter($1)', [name]);
  }
  await db.sql(`select tally.create_counter('plain', 'public.t'); insert into public.t values (1)`);
  await db.sql('call tally.tick()');
  t.deepEqual(await numbers(db.sql), { other: 1, plain: 1 });
  await isExact(t, db.sql);
});

test('a call that names a counter that is not there is TL006', async (t) => {
  const db = await testDatabase(t);
  const calls = [
    `select tally.fill('nope')`,
    `select * from tally.verify('nope')`,
    `select * from tally.repair('nope')`,
    `select * from tally.repair('nope', true)`,
    `select * from tally.top('nope', 3)`,
    `select tally.drop_counter('nope')`,
  ];
  for (const call of calls) {
    const error = await failure(db.sql(call), call);
    t.is(error.code, 'TL006', call);
    t.regex(error.message, /there is no counter "nope"/);
    t.regex(error.hint ?? '', /counter_definitions/);
  }
});

test('top of a counter that is not ranked is TL014, and so is a wrong n', async (t) => {
  const db = await testDatabase(t);
  await counted(db);
  t.is((await failure(db.sql(`select * from tally.top('scoped', 3)`))).code, 'TL014');
  await db.sql(`create table public.u (k text);
    select tally.create_counter('ranked', 'public.u', scope => 'k', ranked => true)`);
  for (const n of ['-1', 'null']) {
    t.is((await failure(db.sql(`select * from tally.top('ranked', ${n})`))).code, 'TL014');
  }
});
