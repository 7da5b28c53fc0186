-- Functions of their own for what has to be found by index, whatever statistics say: a setting on
-- their caller would hold for the builders too, which it calls.

create or replace function tally.pick_due(slow boolean, before timestamptz, most integer)
returns table (place tid, summary bigint, scope text, due_at timestamptz)
language sql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $function$
  select d.ctid, d.summary, d.scope, d.due_at
  from tally.due d
  where d.is_slow = pick_due.slow and d.scope is not null and d.due_at <= pick_due.before
  order by d.due_at
  limit pick_due.most
  for update skip locked
$function$;

comment on function tally.pick_due(boolean, timestamptz, integer) is
  'Locks documents that are due, the longest first, but for those that others have locked.';

create or replace function tally.forget_due(summary bigint, scope text)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $function$
begin
  delete from tally.due d
  where d.ctid in (select o.ctid from tally.due o
                   where o.summary = forget_due.summary and o.scope = forget_due.scope
                   for update skip locked);
  return found;
end
$function$;

comment on function tally.forget_due(bigint, text) is
  'A document is being built: what was due of it is not any more. Whether anything was.';
