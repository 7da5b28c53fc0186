create or replace function tally.take_off_triggers(source regclass, kind text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_trigger record;
begin
  -- With the caller's rights, who owns the table and holds ACCESS EXCLUSIVE on it. Nothing is left
  -- to count or to mark: what was generated for it goes too, wherever it stands, also where the
  -- table was detached since or became a partition itself. What all tables share goes from those
  -- that are part of no other.
  for v_trigger in
    with own as (
      select t.relation, t.name from tally.present_triggers t
      where t.kind = take_off_triggers.kind and t.source = take_off_triggers.source
    )
    select o.relation, o.name from own o
    union all
    select t.relation, t.name from tally.present_triggers t
    where t.kind = take_off_triggers.kind and t.slug is null
      and t.relation in (select f from tally.family(take_off_triggers.source) f
                         union select o.relation from own o)
      and t.relation not in (
        select f from tally.triggered_tables s cross join lateral tally.family(s.source) f
        where s.kind = take_off_triggers.kind and s.source <> take_off_triggers.source)
  loop
    execute format('drop trigger %I on %s', v_trigger.name, v_trigger.relation);
  end loop;
  perform tally.drop_functions(source, kind);
end
$function$;

comment on function tally.take_off_triggers(regclass, text) is
  'Takes the counting or marking triggers off a table and its partitions, functions and all.';
