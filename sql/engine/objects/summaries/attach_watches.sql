create or replace function tally.attach_watches(source regclass default null)
returns table (relation regclass, attached text)
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_source  tally.watched;
  v_missing record;
  v_stray   record;
  v_mended  boolean;
begin
  -- tally.attach for watched tables: with the caller's rights; changes nothing where all is well.
  -- What happened while a trigger was missing nobody saw: every document is taken for changed.
  for v_source in
    select s.* from tally.watched s
    join pg_class c on c.oid = s.source
    where (attach_watches.source is null and pg_has_role(c.relowner, 'usage'))
       or s.source = attach_watches.source
    order by s.slug
  loop
    v_mended := false;
    if not tally.marking_stands(v_source.source) then
      perform tally.lock_source(v_source.source, 'share row exclusive');
      perform tally.build_marking(v_source.source);
      v_mended := true;
      relation := v_source.source;
      attached := 'marking functions';
      return next;
    end if;
    for v_missing in
      select t.relation, t.name, t.ddl from tally.marking_triggers(v_source.source) t
      where t.tgenabled is null
      order by t.relation::text, t.name
    loop
      perform tally.lock_source(v_missing.relation, 'share row exclusive');
      execute v_missing.ddl;
      v_mended := true;
      relation := v_missing.relation;
      attached := v_missing.name;
      return next;
    end loop;
    perform tally.mark_all(v_source.slug) where v_mended;
  end loop;
  for v_stray in
    select t.* from tally.stray_marking t
    join pg_class c on c.oid = t.relation
    where pg_has_role(c.relowner, 'usage')
      and (attach_watches.source is null or t.source is not distinct from attach_watches.source)
    order by t.relation::text, t.name
  loop
    perform tally.lock_source(v_stray.relation, 'access exclusive');
    execute format('drop trigger %I on %s', v_stray.name, v_stray.relation);
    relation := v_stray.relation;
    attached := format('dropped stray %s', v_stray.name);
    return next;
  end loop;
end
$function$;

comment on function tally.attach_watches(regclass) is
  'Puts missing marking triggers on a watched table and its partitions, or on all of them; takes '
  'them off detached partitions. Part of tally.attach.';
