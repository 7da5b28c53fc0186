create or replace function tally.mark_truncate()
returns trigger
language plpgsql
security definer  -- writers of the table need no right on tally
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- The rows are gone, and whose they were is not known any more.
  perform tally.mark_all(s.slug)
  from tally.watched s
  where s.source = coalesce(pg_partition_root(tg_relid), tg_relid::regclass);
  -- In one expression: ended between two, the session would keep the lock.
  if not (pg_try_advisory_lock_shared(1952541804, 12)
          and pg_advisory_unlock_shared(1952541804, 12)) then
    perform pg_notify('tally_work', '') from tally.settings s where s.doorbell;
  end if;
  return null;
end
$function$;

comment on function tally.mark_truncate() is
  'Trigger function: a TRUNCATE marks every document of the summaries that watch the table.';
