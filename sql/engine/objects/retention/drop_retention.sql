create or replace function tally.drop_retention(name text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_old   tally.retentions;
  v_class pg_class;
begin
  -- Takes the rule away with its functions and its job. Nothing is deleted any more, and nothing
  -- comes back.
  perform pg_advisory_xact_lock(hashtextextended('tally.retention.' || name, 0));
  select r.* into v_old from tally.retentions r where r.name = drop_retention.name;
  if not found then
    raise exception using errcode = 'TL006',
      message = format('there is no retention "%s"', name),
      hint = 'select name from tally.retentions; lists them.';
  end if;
  select c.* into v_class from pg_class c where c.oid = v_old.source;
  if found and not pg_has_role(v_class.relowner, 'usage') then
    raise exception using errcode = 'TL007',
      message = format('role %I does not own %s, whose rows retention "%s" deletes',
                       current_user, v_old.source, name),
      hint = format('Drop it as %I, who does.', v_class.relowner::regrole);
  end if;
  perform tally.drop_function('run_retention', name);
  perform tally.drop_function('drop_partitions', name);
  delete from tally.jobs j where j.name = 'clean_up ' || drop_retention.name;
  delete from tally.retentions r where r.name = drop_retention.name;
end
$function$;

comment on function tally.drop_retention(text) is
  'Removes a rule of retention. What it kept counters from losing stays counted.';
