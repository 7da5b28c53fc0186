/**
 * The first counter, as README.md has it. It may be followed twice, and in a database that has
 * tables already: so it stops at none that is there, and takes a name that nobody else would.
 */
export const EXAMPLE = {
  create: [
    'create table if not exists public.demo_tasks (id serial primary key, open boolean)',
    "select tally.create_counter('open_tasks', 'public.demo_tasks', filter => 'open'," +
      " audience => 'public')",
  ],
  write: [
    'insert into public.demo_tasks (open) values (true), (true), (false)',
    'update public.demo_tasks set open = false where id = 1',
  ],
  read: ["select value from tally.counters where name = 'open_tasks'"],
} as const;
