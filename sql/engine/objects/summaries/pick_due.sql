-- Functions of their own for what has to be found by index, whatever statistics say: a setting on
-- their caller would hold for the builders too, which it calls.

create or replace function tally.pick_due(slow boolean, before timestamptz, most integer)
returns table (summary bigint, scope text)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan  -- planning takes longer than finding
set enable_seqscan = off
set jit = off  -- a scan that cannot be avoided is priced so high that it would be compiled
as $function$
begin
  -- Without a lock: should one of them take long, the others are free for somebody else.
  return query
  select d.summary, d.scope
  from (
    select o.summary, o.scope, o.due_at
    from tally.due o
    where o.is_slow = pick_due.slow and o.scope is not null and o.due_at <= pick_due.before
    order by o.due_at
    limit pick_due.most
  ) d
  group by d.summary, d.scope
  order by min(d.due_at);
end
$function$;

comment on function tally.pick_due(boolean, timestamptz, integer) is
  'Documents that are due, the longest first, whether or not somebody builds them already.';

create or replace function tally.pick_free(slow boolean, before timestamptz, most integer)
returns table (summary bigint, scope text)
language sql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off  -- it would ask for the lock of each before it is known which come first
set jit = off  -- a scan that cannot be avoided is priced so high that it would be compiled
as $function$
  -- Each summary by itself: however many documents one has due, whose lock as a whole somebody
  -- keeps, none of them is looked at. Locks of single documents are asked for one by one, and the
  -- server has no room for more than some thousands of those.
  select k.summary, k.scope
  from tally.summary_definitions s
  cross join lateral (
    (select o.summary, o.scope, o.due_at
     from tally.due o
     where o.summary = s.id and not o.is_suspect and o.is_slow = pick_free.slow
       and o.due_at <= pick_free.before and o.scope is not null
       and not tally.is_held(tally.document_key(o.summary, o.scope))
     order by o.due_at
     limit pick_free.most)
    union all
    (select o.summary, o.scope, o.due_at
     from tally.due o
     where pick_free.slow and o.summary = s.id and o.is_suspect
       and o.due_at <= pick_free.before and o.scope is not null
       and not tally.is_held(tally.document_key(o.summary, o.scope))
     order by o.due_at
     limit pick_free.most)
  ) k
  where not tally.is_held(s.id)
  group by k.summary, k.scope
  order by min(k.due_at)
$function$;

comment on function tally.pick_free(boolean, timestamptz, integer) is
  'Documents that are due and that no other session keeps: the longest first, so many of each '
  'summary.';

create or replace function tally.sort_due(summary bigint, scope text, slow boolean)
returns boolean
language sql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off  -- a scan that cannot be avoided is priced so high that it would be compiled
as $function$
  with sorted as (
    update tally.due d
    set is_slow = sort_due.slow
    where d.ctid in (select o.ctid from tally.due o
                     where o.summary = sort_due.summary and o.scope = sort_due.scope
                     for update skip locked)
    returning d.summary
  )
  select exists (select from sorted)
$function$;

comment on function tally.sort_due(bigint, text, boolean) is
  'It is known better by now how long a document takes. False: somebody else is at it.';

create or replace function tally.is_suspect(summary bigint)
returns boolean
language sql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off  -- a scan that cannot be avoided is priced so high that it would be compiled
as $function$
  select exists (select from tally.due d
                 where d.summary = is_suspect.summary and d.is_suspect)
$function$;

comment on function tally.is_suspect(bigint) is
  'Whether the documents of a summary are taken for slow, whatever they took the last time.';

create or replace function tally.suspect_all(summary bigint)
returns boolean
language sql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off  -- a scan that cannot be avoided is priced so high that it would be compiled
as $function$
  with suspected as (
    update tally.due d
    set is_slow = true, is_suspect = true
    where d.ctid in (select o.ctid from tally.due o
                     where o.summary = suspect_all.summary and o.scope is not null
                       and not o.is_suspect
                     for update skip locked)
    returning d.summary
  )
  select exists (select from suspected)
$function$;

comment on function tally.suspect_all(bigint) is
  'One document of a summary took long that was expected to be quick: so may all that are due. '
  'Whether there were any.';

create or replace function tally.trust_due(summary bigint)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off  -- a scan that cannot be avoided is priced so high that it would be compiled
as $function$
  -- Those that are slow by themselves are found out again where the quick ones are built.
  update tally.due d
  set is_slow = false, is_suspect = false
  where d.ctid in (select o.ctid from tally.due o
                   where o.summary = trust_due.summary and o.is_suspect
                   for update skip locked)
$function$;

comment on function tally.trust_due(bigint) is
  'One document of a suspect summary was quick: what it took the last time is believed again.';

create or replace function tally.put_off_due(summary bigint)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off  -- a scan that cannot be avoided is priced so high that it would be compiled
as $function$
  -- As long as the one that failed waited for its lock: other slow documents come in between.
  update tally.due d
  set due_at = clock_timestamp() + interval '2 seconds'
  where d.ctid in (select o.ctid from tally.due o
                   where o.summary = put_off_due.summary and o.is_suspect
                     and o.due_at < clock_timestamp() + interval '2 seconds'
                   for update skip locked)
$function$;

comment on function tally.put_off_due(bigint) is
  'One document of a suspect summary waited for a lock in vain: the others are tried a little later.';

create or replace function tally.pick_unknown(before timestamptz)
returns table (summary bigint, scope text)
language sql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off  -- a scan that cannot be avoided is priced so high that it would be compiled
as $function$
  -- One of each summary: when it is built, it is known how long the others take. Not of one whose
  -- builder was tried, took long and returned NULL: it has no document, and would come first for
  -- ever.
  select k.summary, k.scope
  from tally.summary_definitions s
  cross join lateral (
    select o.summary, o.scope, o.due_at from tally.due o
    where o.summary = s.id and o.scope is not null and o.due_at <= pick_unknown.before
    limit 1
  ) k
  where not exists (select from tally.documents d where d.summary = s.id)
    and not tally.is_suspect(s.id)
    and not exists (select from tally.builds b
                    where b.summary = s.id and b.outcome = 'none' and tally.is_slow(b.build_ms))
  order by k.due_at
$function$;

comment on function tally.pick_unknown(timestamptz) is
  'A due document of each summary of which none was ever built, so that nobody knows how long it '
  'takes.';

create or replace function tally.pick_suspect(before timestamptz)
returns table (summary bigint, scope text)
language sql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off  -- a scan that cannot be avoided is priced so high that it would be compiled
as $function$
  -- By chance among those that were quick the last time: none of them waits for another's luck.
  select k.summary, k.scope
  from tally.summary_definitions s
  cross join lateral (
    select l.summary, l.scope, l.due_at, e.is_slow
    from (
      select o.summary, o.scope, o.due_at from tally.due o
      where o.summary = s.id and o.is_suspect and o.scope is not null
        and o.due_at <= pick_suspect.before
      order by o.due_at
      limit 20
    ) l
    cross join lateral tally.is_slow(tally.expected_ms(l.summary, l.scope)) e (is_slow)
    where not tally.is_held(tally.document_key(l.summary, l.scope))
    order by e.is_slow, l.due_at
    limit 1
  ) k
  where not tally.is_held(s.id)
  order by k.is_slow, random()
$function$;

comment on function tally.pick_suspect(timestamptz) is
  'A due document of each suspect summary that nobody else keeps: whether it is quick again tells of '
  'all the others.';

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
