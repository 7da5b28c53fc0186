create or replace function tally.may_set_keys(relation regclass, keys name[])
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
as $function$
  -- Whether a BEFORE UPDATE row trigger of the application, disabled ones too, may change these
  -- columns. In PL/pgSQL it has to name one of them, or to put another row in the place of NEW, so
  -- one that notes the time costs nothing; of other languages everything is believed. To take one
  -- too many costs each UPDATE a look at the partitions, to take one too few a wrong number.
  select exists (
    select from pg_trigger t
    join pg_proc p on p.oid = t.tgfoid
    join pg_language l on l.oid = p.prolang
    where t.tgrelid in (select f from tally.family(may_set_keys.relation) f)
      and t.tgtype & 19 = 19  -- for each row, before, update
      and not t.tgisinternal
      and p.pronamespace not in ('tally'::regnamespace, 'pg_catalog'::regnamespace)
      and (l.lanname <> 'plpgsql'
           or p.prosrc ~* ('\mnew\s*:?=|\minto\s[^;]*\mnew\M(?!\s*\.)|\mfor\s+new\M|\mcall\M'
                           '|\mreturn\s+(?!(new|old|null)\s*;)')
           or exists (select from unnest(may_set_keys.keys) k
                      where position(lower(k) in lower(p.prosrc)) > 0)))
$function$;

comment on function tally.may_set_keys(regclass, name[]) is
  'Whether a row trigger of the application may move rows that an UPDATE or a MERGE changes.';
