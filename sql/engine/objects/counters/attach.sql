create or replace function tally.attach(source regclass default null)
returns table (relation regclass, attached text)
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_source  tally.sources;
  v_missing record;
  v_stray   record;
begin
  -- Puts the counting triggers wherever they are missing: a new partition has none, and only
  -- its owner may make them. Takes them off a partition that was detached. And writes the trigger
  -- functions anew where this version of pgtally
  -- writes them otherwise. Runs with the caller's rights; changes nothing where all is well.
  for v_source in
    select s.* from tally.sources s
    join pg_class c on c.oid = s.source
    where (attach.source is null and pg_has_role(c.relowner, 'usage')) or s.source = attach.source
    order by s.slug
  loop
    if tally.lacks_sight(v_source.source) then
      perform tally.lock_source(v_source.source, 'access exclusive');
      perform tally.grant_sight(v_source.source);
      relation := v_source.source;
      attached := 'sight for tally_owner';
      return next;
    end if;
    if not tally.functions_stand(v_source.source) then
      perform tally.lock_source(v_source.source, 'share row exclusive');
      perform tally.build_functions(v_source.source);
      relation := v_source.source;
      attached := 'trigger functions';
      return next;
    end if;
    for v_missing in
      select t.relation, t.name, t.ddl from tally.expected_triggers(v_source.source) t
      where t.tgenabled is null
      order by t.relation::text, t.name
    loop
      perform tally.lock_source(v_missing.relation, 'share row exclusive');
      execute v_missing.ddl;
      execute format('grant select on table %s to tally_owner', v_missing.relation);
      relation := v_missing.relation;
      attached := v_missing.name;
      return next;
    end loop;
  end loop;
  for v_stray in
    select t.* from tally.stray_triggers t
    join pg_class c on c.oid = t.relation
    where pg_has_role(c.relowner, 'usage')
      and (attach.source is null or t.source is not distinct from attach.source)
    order by t.relation::text, t.name
  loop
    perform tally.lock_source(v_stray.relation, 'access exclusive');
    execute format('drop trigger %I on %s', v_stray.name, v_stray.relation);
    perform tally.revoke_sight(v_stray.relation);
    relation := v_stray.relation;
    attached := format('dropped stray %s', v_stray.name);
    return next;
  end loop;
  return query select w.relation, w.attached from tally.attach_watches(attach.source) w;
end
$function$;

comment on function tally.attach(regclass) is
  'Puts missing triggers on a source or watched table and its partitions, or on all of them; takes '
  'them off detached partitions; writes the trigger functions anew where another version wrote them.';
