create or replace function tally.prune()
returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_failures bigint;
begin
  -- The job that throws away what was only kept for a while.
  delete from tally.expiry_failures f where f.again_at < clock_timestamp() - interval '1 hour';
  get diagnostics v_failures = row_count;
  perform tally.prune_builds();
  -- Left where the trigger that takes them away, tally.take_move, is disabled.
  delete from tally.moves m where m.xid < pg_snapshot_xmin(pg_current_snapshot());
  return format('%s failures forgotten', v_failures);
end
$function$;

comment on function tally.prune() is 'What job prune does: forgets what was only kept for a while.';
