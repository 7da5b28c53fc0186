import test from 'ava';
import { type BoxesDatabase, boxesServer, open } from '../helpers/boxes-server.js';
import { until } from '../helpers/wait.js';

/** Counters come, go and stop being readable while streams are open. */

/** Whoever wants to fill it finds it taken, until this session lets it go. */
async function takeFill(database: BoxesDatabase, name: string) {
  const client = await database.client('fills');
  await client.query('select pg_advisory_lock(tally.counter_id($1))', [name]);
  return {
    sql: (text: string) => client.query(text),
    release: () => client.query('select pg_advisory_unlock_all()'),
  };
}

test('a counter that is filling is announced as unavailable, and shown once it is filled', async (t) => {
  const { server, database } = await boxesServer(t);
  const fill = await takeFill(database, 'old');
  await database.sql(`create table public.old as select generate_series(1, 1000) as id`);
  await fill.sql(`select tally.create_counter('old', 'public.old', audience => 'public')`);
  const { recorder } = await open(t, server, { topics: ['old', 'entries'] });
  const said = await recorder.until(({ event }) => event === 'unavailable');
  t.true(said.data.includes('old'));
  await recorder.value('entries', 0);
  t.is(recorder.last('old'), undefined);
  await fill.release();
  await recorder.value('old', 1000);
  await database.sql('insert into public.old values (0)');
  await recorder.value('old', 1001);
  t.deepEqual(recorder.faults, []);
});

test('a counter that loses its filling in mid-stream says so, and shows its next right value', async (t) => {
  const { server, database, write } = await boxesServer(t);
  await write(2);
  const { recorder } = await open(t, server, { topics: ['entries', 'twins'] });
  await recorder.value('entries', 2);
  const fill = await takeFill(database, 'entries');
  // A TRUNCATE of rows that its snapshot cannot see: nobody can count those in place.
  await database.sql(`begin isolation level repeatable read; truncate public.entries; commit`);
  await recorder.until(({ event, data }) => event === 'unavailable' && data.includes('entries'));
  await write(1);
  await recorder.value('twins', 3);
  t.is(recorder.last('entries'), '2');
  await fill.release();
  await recorder.value('entries', 1);
});

test('a counter that is dropped in mid-stream shows nothing more, and its neighbours go on', async (t) => {
  const { server, database, write } = await boxesServer(t);
  const { recorder } = await open(t, server, { topics: ['entries', 'twins'] });
  await recorder.sync(1);
  await database.sql(`select tally.drop_counter('entries')`);
  await write(3);
  await recorder.when(() => recorder.last('twins') === '3' || recorder.ended !== undefined, {
    evenEnded: true,
  });
  t.not(recorder.last('entries'), '3');
  const again = await open(t, server, { topics: ['entries', 'twins'] });
  t.is(again.status, 404);
});

test('a counter that is dropped and made anew otherwise shows its new values', async (t) => {
  const { server, database, write } = await boxesServer(t);
  await write(5);
  const { recorder } = await open(t, server, { topics: ['entries', 'twins'] });
  await recorder.value('entries', 5);
  await database.sql(`select tally.drop_counter('entries')`);
  await database.sql(
    `select tally.create_counter('entries', 'public.entries', 'id > 3', audience => 'public')`,
  );
  await recorder.value('entries', 2);
  await write(1);
  await recorder.value('entries', 3);
  await recorder.value('twins', 6);
  t.deepEqual(recorder.faults, []);
});

test('a topic of a counter that is created later is a 404 until then, and readable at once after', async (t) => {
  const { server, database } = await boxesServer(t);
  t.is((await open(t, server, { topics: ['later'] })).status, 404);
  await database.sql('create table public.later (id int)');
  await database.sql(`select tally.create_counter('later', 'public.later', audience => 'public')`);
  await database.sql('insert into public.later values (1)');
  await until(async () => (await open(t, server, { topics: ['later'] })).status === 200);
  const { recorder } = await open(t, server, { topics: ['later'] });
  await recorder.value('later', 1);
});

test('a counter that is dropped and made anew in one transaction shows its new values', async (t) => {
  const { server, database, write } = await boxesServer(t);
  await write(5);
  const { recorder } = await open(t, server, { topics: ['entries', 'twins'] });
  await recorder.value('entries', 5);
  await database.sql(
    `select tally.drop_counter('entries');
     select tally.create_counter('entries', 'public.entries', 'id > 3', audience => 'public')`,
  );
  await recorder.value('entries', 2);
  await write(1);
  await recorder.value('entries', 3);
  await recorder.value('twins', 6);
  t.deepEqual(recorder.faults, []);
});

test('a number that grows beyond bigint is taken away, and comes back with the first that fits', async (t) => {
  const { server, database } = await boxesServer(t);
  await database.sql('create table public.sums (id int primary key, amount bigint not null)');
  await database.sql(`select tally.create_counter('sums', 'public.sums', amount => 'amount',
                             audience => 'public')`);
  const { recorder } = await open(t, server, { topics: ['sums'] });
  await database.sql('insert into public.sums values (1, 9223372036854775807)');
  await recorder.until(
    ({ event, data }) => event === 'update' && data.includes('9223372036854775807'),
  );
  await database.sql('insert into public.sums values (2, 1)');
  const said = await recorder.until(({ event }) => event === 'unavailable');
  t.deepEqual(JSON.parse(said.data), { topic: 'sums', reason: 'overflow' });
  await database.sql('delete from public.sums where id = 1');
  await recorder.value('sums', 1);
  // And again, told or read from the table.
  const seen = (what: string) => recorder.frames.filter(({ event }) => event === what).length;
  const gone = () => seen('unavailable');
  await database.sql('insert into public.sums values (1, 9223372036854775807)');
  await until(() => gone() === 2);
  const shown = seen('update');
  await database.sql('delete from public.sums where id = 1');
  await until(() => seen('update') > shown);
  await database.sql(`insert into public.sums values (3, 9223372036854775807);
    select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'pgtally-listener' and datname = current_database()`);
  await until(() => gone() === 3);
  t.deepEqual(recorder.faults, []);
});

test('a client that was away while its counter was declared anew gets what it counts now', async (t) => {
  const { server, database, write } = await boxesServer(t);
  await write(2);
  const first = await open(t, server, { topics: ['entries', 'twins'] });
  await first.recorder.value('entries', 2);
  await first.recorder.sync(1);
  const lastEventId = first.recorder.lastId;
  first.close();
  await database.sql(`begin; select tally.drop_counter('entries');
    select tally.create_counter('entries', 'public.entries', 'false', audience => 'public'); commit`);
  await until(async () => {
    const again = await open(t, server, { topics: ['entries', 'twins'], lastEventId });
    await again.recorder.sync(1);
    again.close();
    return again.recorder.last('entries') === '0' && again.recorder.last('twins') === '2';
  });
  t.deepEqual(first.recorder.faults, []);
});
