create or replace function community.query_of(p_q text) returns tsquery
  language plpgsql
  immutable
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- Each word as the beginning of one; a single letter as itself, since it begins words in every
  -- row. Marks become spaces, as in what is searched.
  return (
    select string_agg(
      case when length(w.word) = 1 then w.word else w.word || ':*' end, ' & '
    )::tsquery
    from regexp_split_to_table(lower(p_q), '[^[:alnum:]]+') as w (word)
    where w.word <> ''
  );
end
$function$;

comment on function community.query_of(text) is
  'What somebody types, as a query for full text; NULL where there is no word in it.';
