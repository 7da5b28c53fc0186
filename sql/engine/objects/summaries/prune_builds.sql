create or replace function tally.prune_builds()
returns void
language sql
security definer  -- a job may run as tally_server
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off  -- a scan that cannot be avoided is priced so high that it would be compiled
as $function$
  -- Rows without a document: of scopes that are no more, a day after that was announced, and of
  -- those that somebody asked for in vain.
  delete from tally.documents d
  where d.ctid in (
    select o.ctid from tally.documents o
    where o.body is null and o.tried_at < clock_timestamp() - interval '1 day' and o.next_at is null
    for update skip locked)
$function$;

comment on function tally.prune_builds() is
  'Part of tally.prune: forgets scopes that have had no document for a day.';
