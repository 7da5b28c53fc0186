create or replace function tally.build_partitioning(source regclass)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
as $function$
declare
  v_make  name := 'make_partition_' || tally.partitioning_slug(source);
  v_owner oid := (select c.relowner from pg_class c where c.oid = source);
begin
  -- Writes the two functions that make partitions of a table as its owner. ATTACH, and not CREATE
  -- TABLE … PARTITION OF, which would keep readers and writers out of the whole table.
  perform tally.drop_function('make_partition', tally.partitioning_slug(source));
  execute format(
$create$create function tally.%1$I(v_source regclass, partition text, low text, high text)
returns void
language plpgsql
security definer  -- with the rights of the owner of the table; tally_owner alone may call it
%2$sas %3$L$create$, v_make, tally.rule_settings(),
$body$
declare
  v_partition text := (select c.relnamespace::regnamespace || '.' || quote_ident(partition)
                       from pg_class c where c.oid = v_source);
begin
$body$ || tally.owner_check() || $body$
  -- A partition for low to high.
  execute format('create table %s (like %s including defaults including constraints '
                 'including generated including storage including compression '
                 'including comments)', v_partition, v_source);
  execute format('alter table %s attach partition %s for values from (%L) to (%L)',
                 v_source, v_partition, low, high);
  if has_table_privilege('tally_owner', v_source, 'select') then
    execute format('grant select on table %s to tally_owner', v_partition);
  end if;
end
$body$);
  execute format('comment on function tally.%I(regclass, text, text, text) is %L', v_make,
                 format('Made by tally.ensure_partitions: makes a partition of %s.', source));
  perform tally.hand_over(format('tally.%I(regclass, text, text, text)', v_make)::regprocedure, v_owner);

  execute format(
$create$create function tally.%1$I(ddl text)
returns void
language plpgsql
security definer  -- with the rights of the owner of the table; tally_owner alone may call it
%2$sas %3$L$create$, v_make, tally.rule_settings(),
$body$
begin
  -- A counting or marking trigger, and nothing else.
  if ddl ~ ('^create or replace trigger _[0-9]+_tally_[a-z_]+ (after|before) [a-z]+ on [^;]+ '
            || '(referencing [a-z_ ]+ )?for each statement execute function tally\.[a-z0-9_]+\(\)$')
  then
    execute ddl;
  end if;
end
$body$);
  execute format('comment on function tally.%I(text) is %L', v_make,
    format('Made by tally.ensure_partitions: puts a trigger of ours on a partition of %s.',
           source));
  perform tally.hand_over(format('tally.%I(text)', v_make)::regprocedure, v_owner);
  update tally.partitionings p set made_by = tally.rule_version('partitioning')
  where p.source = build_partitioning.source;
end
$function$;

comment on function tally.build_partitioning(regclass) is
  'Writes the functions tally.make_partition_<slug>.';
