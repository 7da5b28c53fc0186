create or replace function tally.expand_due()
returns void
language plpgsql
security definer  -- a server may work, and may not change what is due by itself
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_all   record;
  v_alone boolean;
begin
  -- A mark of every document: whatever stands in tally.documents becomes due. A document that is
  -- being built for the first time stands there only afterwards, and may not show the change: so
  -- the row stays until for once no build of that summary is under way, and then counts again
  -- those that were built since. It keeps builds of the summary out until its transaction ends: so
  -- whoever works beside others does it in one of its own.
  perform tally.check_isolation('tally.expand_due');
  for v_all in
    select d.ctid, d.summary, d.due_since, d.due_at, d.is_slow as was_expanded
    from tally.due d
    where d.scope is null and d.due_at <= clock_timestamp()
    for update skip locked
  loop
    v_alone := pg_try_advisory_xact_lock(v_all.summary);
    if not v_alone and v_all.was_expanded then
      continue;
    end if;
    insert into tally.due (summary, scope, due_since, due_at, is_slow)
    select o.summary, o.scope, v_all.due_since, v_all.due_at,
           tally.is_slow(coalesce(o.build_ms, 'infinity'))
    from tally.documents o
    where o.summary = v_all.summary
      and (not v_all.was_expanded or o.built_at >= v_all.due_since);
    if not v_all.was_expanded then
      -- And the scopes that have none. One look that nobody is at says it for all; a long one is not
      -- begun again at once.
      perform from tally.looks l
      where l.summary = v_all.summary and l.after is null and l.attempts = 0 and not l.is_rest
      for update skip locked;
      if not found then
        insert into tally.looks (summary, since, due_at)
        values (v_all.summary, v_all.due_since,
                greatest(clock_timestamp(),
                         (select max(l.due_at) from tally.looks l
                          where l.summary = v_all.summary and l.is_rest)));
      end if;
    end if;
    if v_alone then
      delete from tally.due d where d.ctid = v_all.ctid;
    else
      update tally.due d set is_slow = true where d.ctid = v_all.ctid;
    end if;
  end loop;
end
$function$;

comment on function tally.expand_due() is
  'Makes every document of a summary due whose tables changed beyond what rows can tell. tally.work '
  'does it by itself; a server does it in a transaction of its own.';
