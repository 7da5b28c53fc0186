create or replace function tally.check_isolation(what text)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $function$
begin
  if pg_is_in_recovery() then
    raise exception using errcode = 'TL017',
      message = format('%s needs the primary: this server is a standby', what),
      hint = 'Run it on the primary. Reading tally.counters works here.';
  end if;
  -- What excludes its like by a lock must look after it has the lock. In REPEATABLE READ and
  -- above the snapshot is older than the lock.
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception using errcode = 'TL009',
      message = format('%s runs at READ COMMITTED, not at %s', what,
                       upper(current_setting('transaction_isolation'))),
      hint = 'begin isolation level read committed; or, where that is not the default: '
             'set default_transaction_isolation = ''read committed'';';
  end if;
end
$function$;

comment on function tally.check_isolation(text) is
  'Raises TL017 on a standby, and TL009 in a REPEATABLE READ or SERIALIZABLE transaction.';
