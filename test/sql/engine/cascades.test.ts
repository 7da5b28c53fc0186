import test from 'ava';
import { testDatabase } from '../../helpers/database.js';
import { isExact, numbers, roleName, sqlOf, standing } from '../../helpers/engine.js';

/** Rows that change because of other rows, triggers and policies. */

test('rows that a foreign key deletes, renames or unlinks are counted where they end', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`
    create table public.owners (id int primary key);
    create table public.pets (
      id int primary key,
      owner int references public.owners on delete cascade on update cascade,
      vet int references public.owners on delete set null on update set null
    );
    create table public.toys (pet int references public.pets on delete cascade);
    select tally.create_counter('pets', 'public.pets', scope => 'owner');
    select tally.create_counter('visits', 'public.pets', scope => 'vet');
    select tally.create_counter('toys', 'public.toys');
    insert into public.owners values (1), (2), (3);
    insert into public.pets values (1, 1, 3), (2, 1, 2), (3, 2, 3), (4, 2, 1);
    insert into public.toys values (1), (2), (3), (3)`);
  await db.sql('update public.owners set id = 10 where id = 2');
  t.deepEqual(await standing(db.sql), {
    'pets:1': 2,
    'pets:10': 2,
    'visits:1': 1,
    'visits:3': 2,
    toys: 4,
  });
  await db.sql('delete from public.owners where id in (1, 3)');
  t.deepEqual(await standing(db.sql), { 'pets:10': 2, toys: 2 });
  await db.sql('truncate public.owners cascade');
  t.deepEqual(await standing(db.sql), {});
  await isExact(t, db.sql);
});

test('what counts is the row that a BEFORE trigger leaves, and not one that it refuses', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`
    create table public.notes (id int, tag text);
    create function public.tidy() returns trigger language plpgsql as $$
    begin
      if tg_op = 'DELETE' then
        return case when old.tag <> 'KEPT' then old end;
      end if;
      new.tag := upper(new.tag);
      return case when new.tag <> 'SPAM' then new end;
    end $$;
    create trigger tidy before insert or update or delete on public.notes
      for each row execute function public.tidy();
    select tally.create_counter('notes', 'public.notes', scope => 'tag');
    insert into public.notes values (1, 'a'), (2, 'spam'), (3, 'kept'), (4, 'A')`);
  t.deepEqual(await standing(db.sql), { 'notes:A': 2, 'notes:KEPT': 1 });
  await db.sql(`update public.notes set tag = case id when 1 then 'b' else 'spam' end`);
  await db.sql(`delete from public.notes where tag in ('KEPT', 'A')`);
  t.deepEqual(await standing(db.sql), { 'notes:B': 1, 'notes:KEPT': 1 });
  await isExact(t, db.sql);
});

test('rows that an application’s own trigger writes into the same table are counted', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`
    create table public.chain (id int primary key, depth int);
    create function public.grow() returns trigger language plpgsql as $$
    begin
      if exists (select from added where depth > 0) then
        insert into public.chain select id + 10, depth - 1 from added where depth > 0;
      end if;
      return null;
    end $$;
    create trigger grow after insert on public.chain
      referencing new table as added for each statement execute function public.grow();
    select tally.create_counter('chain', 'public.chain', scope => 'depth');
    insert into public.chain values (1, 3), (2, 1)`);
  t.deepEqual(await standing(db.sql), { 'chain:0': 2, 'chain:1': 2, 'chain:2': 1, 'chain:3': 1 });
  await isExact(t, db.sql);
});

test('under row-level security all rows count, those too that their writer cannot see', async (t) => {
  const role = roleName('tenant');
  const db = await testDatabase(t);
  await db.sql(`create role ${role} nologin`);
  t.teardown(() => db.sql(`drop owned by ${role}; drop role ${role}`));
  await db.sql(
    `
    create table public.files (id int primary key, tenant text);
    alter table public.files enable row level security;
    create policy own on public.files to ${role} using (tenant = 'a') with check (true);
    grant all on public.files to ${role};
    insert into public.files values (1, 'a'), (2, 'b');
    select tally.create_counter('files', 'public.files', scope => 'tenant');
    select tally.fill('files')`,
  );
  const sql = sqlOf(await db.client());
  await sql(`set role ${role}`);
  await sql(`insert into public.files values (3, 'b')`);
  await sql('delete from public.files');
  await sql('reset role');
  t.deepEqual(await numbers(db.sql), { 'files:a': 0, 'files:b': 2 });
  await isExact(t, db.sql);
});
