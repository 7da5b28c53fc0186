create or replace function tally.attach_triggers(source regclass, kind text)
returns table (relation regclass, attached text)
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_table  tally.triggered_tables;
  v_ddl    text;
  v_mended boolean;
begin
  -- Part of tally.attach, for counters or for watches. Marking needs no right to read the table.
  for v_table in
    select t.* from tally.triggered_tables t
    join pg_class c on c.oid = t.source
    where t.kind = attach_triggers.kind
      and ((attach_triggers.source is null and pg_has_role(c.relowner, 'usage'))
           or t.source = attach_triggers.source)
    order by t.slug
  loop
    v_mended := false;
    if kind = 'count' and tally.lacks_sight(v_table.source) then
      perform tally.grant_schema(v_table.source);
      perform tally.lock_source(v_table.source, 'access exclusive');
      perform tally.grant_sight(v_table.source);
      relation := v_table.source;
      attached := 'sight for tally_owner';
      return next;
    end if;
    if not tally.functions_stand(v_table.source, kind) then
      perform tally.lock_source(v_table.source, 'share row exclusive');
      perform tally.build_functions(v_table.source, kind);
      v_mended := true;
      relation := v_table.source;
      attached := case kind when 'count' then 'trigger functions' else 'marking functions' end;
      return next;
    end if;
    if kind = 'mark' and not tally.look_stands(v_table.source) then
      perform tally.build_look(v_table.source);
      relation := v_table.source;
      attached := 'looking function';
      return next;
    end if;
    for relation, attached, v_ddl in
      select t.relation, t.name, t.ddl from tally.expected_triggers(v_table.source, kind) t
      where t.tgenabled is null
      order by t.relation::text, t.name
    loop
      perform tally.lock_source(relation, 'share row exclusive');
      execute v_ddl;
      if kind = 'count' then
        execute format('grant select on table %s to tally_owner', relation);
      end if;
      v_mended := true;
      return next;
    end loop;
    -- What happened meanwhile no watch saw: every document is taken for changed.
    perform tally.mark_all(v_table.slug) where v_mended and kind = 'mark';
  end loop;

  for relation, attached in
    select t.relation, t.name from tally.stray_triggers(attach_triggers.source) t
    join pg_class c on c.oid = t.relation
    where t.kind = attach_triggers.kind and pg_has_role(c.relowner, 'usage')
    order by t.relation::text, t.name
  loop
    perform tally.lock_source(relation, 'access exclusive');
    execute format('drop trigger %I on %s', attached, relation);
    perform tally.revoke_sight(relation)
    where kind = 'count'
      and not exists (select from tally.sources s, tally.family(s.source) f where f = relation);
    attached := 'dropped stray ' || attached;
    return next;
  end loop;
end
$function$;

comment on function tally.attach_triggers(regclass, text) is
  'Puts missing counting or marking triggers on a table and its partitions, or on all of them; '
  'takes them off detached partitions.';
