create or replace function tally.document_key(summary bigint, scope text)
returns bigint
language sql
immutable parallel safe
set search_path = pg_catalog, pg_temp
as $function$
  select hashtextextended(document_key.scope, document_key.summary)
$function$;

comment on function tally.document_key(bigint, text) is
  'The advisory lock of one document: who holds it may build it.';

create or replace function tally.building_key(key bigint)
returns bigint
language sql
immutable parallel safe
set search_path = pg_catalog, pg_temp
as $function$
  select hashint8extended(building_key.key, 1952541804)
$function$;

comment on function tally.building_key(bigint) is
  'The advisory lock that is held while the builder of the document of that key runs: that key''s own '
  'lock stays to the end of the transaction.';

create or replace function tally.is_held(key bigint)
returns boolean
language sql
volatile
set search_path = pg_catalog, pg_temp
as $function$
  select case when pg_try_advisory_lock_shared(is_held.key)
              then not pg_advisory_unlock_shared(is_held.key)
              else true end
$function$;

comment on function tally.is_held(bigint) is
  'Whether another session keeps the advisory lock of that key from all others.';

create or replace function tally.is_building(key bigint)
returns boolean
language sql
volatile
set search_path = pg_catalog, pg_temp
as $function$
  select tally.is_held(tally.building_key(is_building.key))
$function$;

comment on function tally.is_building(bigint) is
  'Whether another session is in the builder of the document of that key.';
