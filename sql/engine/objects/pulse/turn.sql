create or replace function tally.take_turn(name text)
returns boolean
language plpgsql
security definer  -- whoever may tick has no right on tally.turns
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- To the end of the transaction, unless another has it. It waits for nobody.
  perform from tally.turns t where t.name = take_turn.name for update skip locked;
  return found;
end
$function$;

comment on function tally.take_turn(text) is
  'Whether this transaction is now the one that folds, or that takes a number.';

create or replace view tally.turn_holders as
select t.name, l.pid
from tally.turns t
join pg_catalog.pg_locks l on l.locktype = 'transactionid' and l.transactionid = t.xmax
                          and l.mode = 'ExclusiveLock' and l.granted;

comment on view tally.turn_holders is
  'Who has a turn now. A row''s lock is kept in the row, and in pg_locks only its transaction.';
