/**
 * The first counter, as README.md has it. It may be followed twice, and in a database that has
 * tables already: so it stops at none that is there, and takes a name that nobody else would.
 */
export const EXAMPLE = {
  create: [
    'create table if not exists public.demo_users (id serial primary key, pending boolean)',
    "select tally.create_counter('pending_users', 'public.demo_users', filter => 'pending'," +
      " audience => 'public')",
  ],
  write: [
    'insert into public.demo_users (pending) values (true), (true), (false)',
    'update public.demo_users set pending = false where id = 1',
  ],
  read: ['select name, scope, value from tally.counters'],
} as const;
