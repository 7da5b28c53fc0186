create or replace function community.check_query(p_q text) returns tsquery
  language plpgsql
  immutable
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- Nothing but marks would find nothing, and nobody would know why.
  if community.query_of(p_q) is null then
    raise exception using errcode = 'TA400', column = 'q',
      message = 'has no letter and no digit to search for';
  end if;
  return community.query_of(p_q);
end
$function$;

comment on function community.check_query(text) is
  'A query for full text; TA400 where there is nothing to search for.';
