create or replace function tally.attach(source regclass default null)
returns table (relation regclass, attached text)
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- Puts the triggers wherever they are missing: a new partition has none, and only its owner may
  -- make them. Takes them off a partition that was detached. And writes the trigger functions
  -- anew where this version of pgtally writes them otherwise. Runs with the caller's rights;
  -- changes nothing where all is well.
  return query select t.* from tally.attach_triggers(attach.source, 'count') t;
  return query select t.* from tally.attach_triggers(attach.source, 'mark') t;
  return query select r.* from tally.attach_rules(attach.source) r;
  perform tally.stop_unfit(attach.source);
end
$function$;

comment on function tally.attach(regclass) is
  'Puts missing triggers on a source or watched table and its partitions, or on all of them; takes '
  'them off detached partitions; writes the trigger functions, and those of rules, anew where another '
  'version wrote them.';
