create or replace function community.check_query(p_q text) returns tsquery
  language plpgsql
  immutable
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_query constant tsquery := community.query_of(p_q);
begin
  -- Nothing but marks would find nothing, and nobody would know why.
  if v_query is null then
    raise exception using errcode = 'TA400', column = 'q',
      message = 'has no letter and no digit to search for';
  end if;
  return v_query;
end
$function$;

comment on function community.check_query(text) is
  'A query for full text; TA400 where there is nothing to search for.';
