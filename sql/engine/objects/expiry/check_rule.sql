create or replace function tally.check_rule(kind text, name text, source regclass)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_class pg_class;
  v_why   text;
begin
  -- Whatever can be said of a rule before its expressions are looked at.
  perform tally.check_new_name(kind, name);
  select c.* into v_class from pg_class c where c.oid = check_rule.source;
  v_why := case
    when v_class.oid is null then 'there is no such table'
    when v_class.relnamespace::regnamespace::text in ('tally', 'pg_catalog', 'information_schema')
      then format('it is in schema %s', v_class.relnamespace::regnamespace)
    when v_class.relkind not in ('r', 'p') then 'it is not a table'
    when v_class.relpersistence = 't' then 'it is temporary'
    when v_class.relispartition
      then format('it is a partition of %s: name that', pg_partition_root(source))
    when exists (select from pg_partition_tree(source) t
                 join pg_class c on c.oid = t.relid and c.relkind = 'f')
      then 'one of its partitions is a foreign table'
  end;
  if v_why is not null then
    raise exception using errcode = 'TL003',
      message = format('%s "%s" cannot be on %s: %s', kind, name,
                       coalesce(source::text, 'null'), v_why),
      hint = 'Name a table that holds its rows itself, as schema.table.';
  end if;
  perform tally.check_declarer('create rules');
  if not pg_has_role(v_class.relowner, 'usage') then
    raise exception using errcode = 'TL007',
      message = format('%s "%s": role %I does not own %s', kind, name, current_user, source),
      hint = format('Create it as %I, who does: the rule runs with that role''s rights.',
                    v_class.relowner::regrole);
  end if;
end
$function$;

comment on function tally.check_rule(text, text, regclass) is
  'Raises the error that names what is wrong with a rule, its expressions aside.';
