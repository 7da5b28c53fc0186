-- Functions of their own for what has to be found by index, whatever statistics say: a setting on
-- their caller would hold for the builders too, which it calls.

create or replace function tally.pick_due(slow boolean, before timestamptz, most integer)
returns table (summary bigint, scope text)
language sql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off  -- a scan that cannot be avoided is priced so high that it would be compiled
as $function$
  -- Without a lock: should one of them take long, the others are free for somebody else.
  select d.summary, d.scope
  from (
    select o.summary, o.scope, o.due_at
    from tally.due o
    where o.is_slow = pick_due.slow and o.scope is not null and o.due_at <= pick_due.before
    order by o.due_at
    limit pick_due.most
  ) d
  group by d.summary, d.scope
  order by min(d.due_at)
$function$;

comment on function tally.pick_due(boolean, timestamptz, integer) is
  'Documents that are due, the longest first, whether or not somebody builds them already.';

create or replace function tally.sort_due(summary bigint, scope text, slow boolean)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off  -- a scan that cannot be avoided is priced so high that it would be compiled
as $function$
  update tally.due d
  set is_slow = sort_due.slow
  where d.ctid in (select o.ctid from tally.due o
                   where o.summary = sort_due.summary and o.scope = sort_due.scope
                   for update skip locked)
$function$;

comment on function tally.sort_due(bigint, text, boolean) is
  'It is known better by now how long a document takes.';

create or replace function tally.forget_due(summary bigint, scope text)
returns timestamptz
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off  -- a scan that cannot be avoided is priced so high that it would be compiled
as $function$
declare
  v_since timestamptz;
begin
  with gone as (
    delete from tally.due d
    where d.ctid in (select o.ctid from tally.due o
                     where o.summary = forget_due.summary and o.scope = forget_due.scope
                     for update skip locked)
    returning d.due_since
  )
  select min(g.due_since) into v_since from gone g;
  return v_since;
end
$function$;

comment on function tally.forget_due(bigint, text) is
  'A document is being built: what was due of it is not any more. Since when it was; NULL: it was '
  'built by somebody else meanwhile, or its mark is just being collected.';
