create or replace function tally.check_source(source regclass)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_class  pg_class;
  v_schema text;
  v_why    text;
  v_hint   text;
begin
  -- Refuses whatever statement triggers cannot count right, with the reason.
  select c.* into v_class from pg_class c where c.oid = check_source.source;
  if not found then
    raise exception using errcode = 'TL003',
      message = format('table with oid %s does not exist', check_source.source::oid);
  end if;
  select n.nspname into v_schema from pg_namespace n where n.oid = v_class.relnamespace;

  case
    when v_schema in ('tally', 'pg_catalog', 'information_schema') then
      v_why := format('it is in schema %s', v_schema);
      v_hint := 'Count an application''s table.';
    when v_class.relkind in ('v', 'm') then
      v_why := 'it is a view, and a view has no rows of its own';
      v_hint := 'Count the table behind it, with the view''s condition as filter.';
    when v_class.relkind = 'f' then
      v_why := 'it is a foreign table, whose rows change without its triggers';
      v_hint := 'Count it in the database where its rows are.';
    when v_class.relkind not in ('r', 'p') then
      v_why := 'it is not a table';
      v_hint := 'Name a table, as schema.table.';
    when v_class.relpersistence = 't' then
      v_why := 'it is temporary: it would leave its counts behind';
      v_hint := 'Count a permanent table.';
    when v_class.relpersistence = 'u' then
      v_why := 'it is unlogged: a crash empties it without any trigger';
      v_hint := format('alter table %s set logged;', check_source.source);
    when v_class.relispartition then
      v_why := format('it is a partition of %s: rows routed through that fire no trigger here',
                      pg_partition_root(check_source.source));
      v_hint := format('Count %s, with the partition''s bounds as filter.',
                       pg_partition_root(check_source.source));
    when exists (select from pg_inherits i
                 where v_class.relkind = 'r' and (i.inhrelid = v_class.oid
                                                  or i.inhparent = v_class.oid)) then
      v_why := 'it takes part in table inheritance: a statement on one table changes another''s rows';
      v_hint := 'Use declarative partitioning, or alter table … no inherit.';
    when exists (select from tally.family(check_source.source) f
                 join pg_class c on c.oid = f where c.relkind = 'f') then
      v_why := format('its partition %s is a foreign table, which cannot be counted',
                      (select f from tally.family(check_source.source) f
                       join pg_class c on c.oid = f where c.relkind = 'f' limit 1));
      v_hint := 'Detach the foreign partition first.';
    else
      return;
  end case;
  raise exception using errcode = 'TL003',
    message = format('%s cannot be counted: %s', check_source.source, v_why),
    hint = v_hint;
end
$function$;

comment on function tally.check_source(regclass) is
  'Raises TL003 for a table whose rows cannot be counted right, with the reason.';
