create or replace function tally.moves_unseen(kind text, source regclass)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- An UPDATE shows both sides of a row that moves to another partition, one after another in both
  -- tables. A MERGE shows neither (PostgreSQL 15 to 18). So from the first row on whose key changes,
  -- the tables must show as many as were changed: the first that they show is the first that there
  -- was, or else it is missing. A trigger under way that changes the table looks the same as a move.
  select format(
$body$  if tally.may_have_moves() then
    v_changes := tally.take_move(%L, tg_relid);
  end if;
  if v_changes is not null and (
       (select count(*) from tally_old) <> (select count(*) from tally_new)
       or v_changes <> (
         with o as (select row_number() over () as n, %s from tally_old r),
              w as (select row_number() over () as n, %s from tally_new r)
         select count(*) from o
         where o.n >= (select min(o.n) from o join w on w.n = o.n
                       where record_image_ne(row(%s), row(%s)))))
  then
$body$,
    kind,
    string_agg(format('r.%I as k%s', k.attname, k.attnum), ', ' order by k.attnum),
    string_agg(format('r.%I as k%s', k.attname, k.attnum), ', ' order by k.attnum),
    string_agg(format('o.k%s', k.attnum), ', ' order by k.attnum),
    string_agg(format('w.k%s', k.attnum), ', ' order by k.attnum))
  from tally.move_columns(source) k
$function$;

comment on function tally.moves_unseen(text, regclass) is
  'Text for generated functions: looks for rows that were moved unseen, and begins what is done then.';
