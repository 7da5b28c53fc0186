import test from 'ava';
import { testDatabase } from '../../helpers/database.js';
import {
  failure,
  finding,
  isExact,
  numberOf,
  numbers,
  roleName,
  type Sql,
  sqlOf,
} from '../../helpers/engine.js';

type Gone = { name: string; rows: number; partitions: number };

async function cleanUp(sql: Sql, values: string): Promise<Gone[]> {
  return await sql<Gone>(`select name, rows::int, partitions from tally.clean_up(${values})`);
}

/** One row for each of the last 100 days. */
async function createEvents(sql: Sql): Promise<void> {
  await sql(`create table public.events (id int generated always as identity primary key,
    at timestamptz not null, kind text not null default 'a');
    select tally.create_counter('events', 'public.events', scope => 'kind');
    insert into public.events (at, kind)
    select now() - n * interval '1 day' + interval '1 hour', case when n % 10 = 0 then 'b' else 'a' end
    from generate_series(1, 100) n`);
}

test('a dry run tells exactly what goes, changes nothing, and is what then goes', async (t) => {
  const { sql } = await testDatabase(t);
  await createEvents(sql);
  await sql(`select tally.create_retention('events', 'public.events', 'at', '30 days')`);
  const told = await cleanUp(sql, 'dry_run => true');
  t.deepEqual(told, [{ name: 'events', rows: 70, partitions: 0 }]);
  t.deepEqual(await numbers(sql), { 'events:a': 90, 'events:b': 10 });
  t.deepEqual(await cleanUp(sql, ''), told);
  t.deepEqual(await cleanUp(sql, ''), [{ name: 'events', rows: 0, partitions: 0 }]);
  t.deepEqual(await numbers(sql), { 'events:a': 27, 'events:b': 3 });
  await isExact(t, sql);
});

test('keep and name can be given instead, and filter chooses the rows', async (t) => {
  const { sql } = await testDatabase(t);
  await createEvents(sql);
  await sql(`create table public.others (at date);
    insert into public.others select current_date - n from generate_series(0, 9) n;
    select tally.create_retention('b', 'public.events', 'at', '30 days', $$kind = 'b'$$);
    select tally.create_retention('others', 'public.others', 'at', '1 year')`);
  t.deepEqual(await cleanUp(sql, `keep => '7 days', dry_run => true`), [
    { name: 'b', rows: 10, partitions: 0 },
    { name: 'others', rows: 3, partitions: 0 },
  ]);
  t.deepEqual(await cleanUp(sql, `'others', '7 days'`), [
    { name: 'others', rows: 3, partitions: 0 },
  ]);
  t.deepEqual(await cleanUp(sql, `'b'`), [{ name: 'b', rows: 7, partitions: 0 }]);
  await isExact(t, sql);
});

test('one call deletes no more than it may, and says that there may be more', async (t) => {
  const { sql, client } = await testDatabase(t);
  await createEvents(sql);
  await sql(`update tally.settings set clean_up_rows = 30;
    select tally.create_retention('events', 'public.events', 'at', '30 days')`);
  const session = await client();
  const notices: string[] = [];
  session.on('notice', ({ message }) => notices.push(message ?? ''));
  const gone: number[] = [];
  for (let i = 0; i < 4; i += 1) {
    gone.push((await cleanUp(sqlOf(session), `'events'`))[0]?.rows ?? -1);
  }
  t.deepEqual(gone, [30, 30, 10, 0]);
  t.deepEqual(notices, Array(2).fill('retention "events": there may be more: call it again'));
});

test('a clean-up beside another one says that it did nothing', async (t) => {
  const { sql, client } = await testDatabase(t);
  await createEvents(sql);
  await sql(`create table public.a (event int references public.events, at timestamptz);
    insert into public.a values (100, '2000-01-01');
    select tally.create_retention('events', 'public.events', 'at', '30 days');
    select tally.create_retention('a', 'public.a', 'at', '30 days');
    update tally.jobs set next_at = now() where name = 'clean_up a'`);
  const [other, session] = [await client(), await client()];
  const said: { code?: string | undefined; message?: string | undefined }[] = [];
  session.on('notice', (notice) => said.push(notice));
  await other.query(`begin; select tally.clean_up('a')`);
  t.deepEqual(await cleanUp(sqlOf(session), ''), [
    { name: 'a', rows: 0, partitions: 0 },
    { name: 'events', rows: 0, partitions: 0 },
  ]);
  t.deepEqual(
    said.map(({ code, message }) => [code, message]),
    [['TL042', 'retention "a": another session cleans up by it, so nothing was done here']],
  );
  await sql('select tally.run_due_jobs()');
  t.deepEqual(await sql(`select last_result from tally.jobs where name = 'clean_up a'`), [
    { last_result: 'another session cleans up by it' },
  ]);
  await other.query('commit');
  t.deepEqual(await cleanUp(sqlOf(session), ''), [
    { name: 'a', rows: 0, partitions: 0 },
    { name: 'events', rows: 70, partitions: 0 },
  ]);
});

test('a row that somebody keeps locked is left for the next time', async (t) => {
  const { sql, client } = await testDatabase(t);
  await createEvents(sql);
  await sql(`select tally.create_retention('events', 'public.events', 'at', '30 days')`);
  const holder = await client();
  await holder.query('begin; update public.events set kind = kind where id = 100');
  t.is((await cleanUp(sql, ''))[0]?.rows, 69);
  await holder.query('commit');
  t.is((await cleanUp(sql, ''))[0]?.rows, 1);
  await isExact(t, sql);
});

test('rows that others refer to stay, or take the others along, as the foreign key says; and that is said', async (t) => {
  const { sql, client } = await testDatabase(t);
  await createEvents(sql);
  await sql(`create table public.notes (event int references public.events (id));
    create table public.tags (event int references public.events (id) on delete cascade);
    create table public.marks (event int references public.events (id) on delete set null);
    insert into public.notes values (100), (99);
    insert into public.tags select n from generate_series(61, 90) n;
    insert into public.marks values (70)`);
  const session = await client();
  const notices: string[] = [];
  session.on('notice', ({ message }) => notices.push(message ?? ''));
  await session.query(`select tally.create_retention('events', 'public.events', 'at', '80 days')`);
  t.deepEqual(notices.splice(0), [
    'retention "events": rows of public.marks that refer to what goes lose their reference (foreign key marks_event_fkey)',
    'retention "events": rows that public.notes still refers to stay (foreign key notes_event_fkey)',
    'retention "events": rows of public.tags that refer to what goes, go too (foreign key tags_event_fkey)',
  ]);
  const told = await cleanUp(sqlOf(session), 'dry_run => true');
  t.deepEqual(told, [{ name: 'events', rows: 18, partitions: 0 }]);
  t.deepEqual(notices.splice(0), [
    'retention "events": 10 row(s) of public.tags go too (on delete cascade)',
    'retention "events": 2 row(s) of public.events stay, for public.notes refers to them (foreign key notes_event_fkey)',
  ]);
  t.deepEqual(await cleanUp(sql, ''), told);
  t.is((await sql('select from public.tags')).length, 20);
  t.is((await sql('select from public.notes')).length, 2);
  await isExact(t, sql);
});

test('rows of a table that refer to each other are refused, where that would forbid their going', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(
    `create table public.tree (id int primary key, parent int references public.tree, at timestamptz)`,
  );
  const error = await failure(
    sql(`select tally.create_retention('tree', 'public.tree', 'at', '1 day')`),
  );
  t.is(error.code, 'TL035');
  await sql(`alter table public.tree drop constraint tree_parent_fkey,
    add foreign key (parent) references public.tree on delete cascade`);
  await t.notThrowsAsync(
    sql(`select tally.create_retention('tree', 'public.tree', 'at', '1 day')`),
  );
});

test('each wrong word of a declaration is refused with what would be right', async (t) => {
  const { sql } = await testDatabase(t);
  await createEvents(sql);
  const wrong: [call: string, code: string][] = [
    [`create_retention('E', 'public.events', 'at', '1 day')`, 'TL001'],
    [`create_retention('e', 'tally.deltas', 'at', '1 day')`, 'TL003'],
    [`create_retention('e', 'public.events', 'now()', '1 day')`, 'TL004'],
    [`create_retention('e', 'public.events', null, '1 day')`, 'TL004'],
    [`create_retention('e', 'public.events', 'id', '1 day')`, 'TL031'],
    [`create_retention('e', 'public.events', 'at', null)`, 'TL034'],
    [`create_retention('e', 'public.events', 'at', '-1 day')`, 'TL034'],
    [`create_retention('e', 'public.events', 'at', '1 day', 'kind')`, 'TL004'],
    [`create_retention('e', 'public.events', 'at', '1 day', on_drop => 'forget')`, 'TL034'],
    [`drop_retention('e')`, 'TL006'],
    [`clean_up('e')`, 'TL006'],
    [`clean_up(keep => '-1 day')`, 'TL034'],
    [`clean_up_piece('e')`, 'TL006'],
  ];
  for (const [call, code] of wrong) {
    const error = await failure(sql(`select tally.${call}`), call);
    t.is(error.code, code, `${call}: ${error.message}`);
    t.truthy(error.hint, error.message);
  }
  t.deepEqual(await sql('select from tally.retentions'), []);
  await sql(`select tally.create_retention('e', 'public.events', 'at', '1 day')`);
  await sql(`select tally.create_retention('e', 'public.events', 'events.at', '24:00')`);
  const error = await failure(
    sql(`select tally.create_retention('e', 'public.events', 'at', '2 days')`),
  );
  t.is(error.code, 'TL002');
});

test('a rule that fails is a warning that stops no other, and an error when it is named', async (t) => {
  const { sql, client } = await testDatabase(t);
  await createEvents(sql);
  await sql(`create table public.a (at timestamptz); insert into public.a values ('2000-01-01');
    select tally.create_retention('a', 'public.a', 'at', '1 day');
    select tally.create_retention('events', 'public.events', 'at', '30 days');
    alter table public.a rename column at to atat`);
  const session = await client();
  const said: { code?: string | undefined; message?: string | undefined }[] = [];
  session.on('notice', (notice) => said.push(notice));
  t.deepEqual(await cleanUp(sqlOf(session), ''), [{ name: 'events', rows: 70, partitions: 0 }]);
  t.is(said[0]?.code, 'TL038');
  t.regex(said[0]?.message ?? '', /retention "a" failed: column "at" does not exist/);
  await failure(cleanUp(sql, `'a'`));
  await sql('drop table public.a');
  t.is((await finding(sql, 'retention a')).status, 'fail');
  await sql(`select tally.drop_retention('a')`);
});

test('the job of a rule goes on piece by piece, and then waits for its time', async (t) => {
  const { sql } = await testDatabase(t);
  await createEvents(sql);
  await sql(`update tally.settings set clean_up_rows = 40;
    select tally.create_retention('events', 'public.events', 'at', '30 days');
    update tally.jobs set next_at = now() where name = 'clean_up events'`);
  const job = async () =>
    (
      await sql<{ last_result: string; soon: boolean }>(
        `select last_result, next_at < now() + interval '10 minutes' as soon
         from tally.jobs where name = 'clean_up events'`,
      )
    )[0];
  t.is((await sql<{ n: number }>('select tally.run_due_jobs() as n'))[0]?.n, 1);
  t.deepEqual(await job(), { last_result: '40 rows, 0 partitions; more to come', soon: true });
  await sql(`update tally.jobs set next_at = now() where name = 'clean_up events'`);
  await sql('select tally.run_due_jobs()');
  t.deepEqual(await job(), { last_result: '30 rows, 0 partitions', soon: false });
  t.is(await numberOf(sql, 'events', 'a'), 27);
});

test('it runs with the rights of the owner of the table', async (t) => {
  const { sql, client } = await testDatabase(t);
  const owner = roleName('owner');
  const dba = roleName('dba');
  await sql(`create role ${owner}; create role ${dba} in role tally_owner, ${owner}`);
  t.teardown(() => sql(`drop owned by ${owner}, ${dba} cascade; drop role ${owner}, ${dba}`));
  await createEvents(sql);
  await sql(`create schema shop authorization ${owner}; alter table public.events owner to ${owner};
    create table shop.log (by text); alter table shop.log owner to ${owner};
    create function shop.note() returns trigger language plpgsql as $$
      begin insert into shop.log values (current_user); return null; end $$;
    create trigger note after delete on public.events execute function shop.note()`);
  const session = sqlOf(await client());
  await session(`set role ${dba}`);
  await session(`select tally.create_retention('events', 'public.events', 'at', '30 days')`);
  t.is((await cleanUp(session, ''))[0]?.rows, 70);
  t.deepEqual(await sql('select by from shop.log'), [{ by: owner }]);
  await session(`select tally.drop_retention('events')`);
  t.deepEqual(await sql(`select from tally.jobs where name like 'clean_up%'`), []);
});
