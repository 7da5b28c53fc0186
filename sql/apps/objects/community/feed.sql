create or replace function community.feed(p_sort text, p_page integer, p_after text) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- A feed that has fewer pages than asked for answers with an empty one. The server has no right
  -- on the table: this is the only way in.
  if p_after is null then
    return coalesce(
      tally.summary_text('community_feed', p_sort)::json -> (p_page - 1),
      json_build_object('projects', '[]'::json, 'next', null)
    );
  end if;
  if p_sort = 'newest' then
    perform accounts.check_cursor(p_after, '^n/[0-9]{1,18}$');
    return community.newest(20, p_after);
  end if;
  perform accounts.check_cursor(p_after, '^(v/[0-9]{1,18}/|n/)[0-9]{1,18}$');
  return community.trending(20, p_after);
end
$function$;

comment on function community.feed(text, integer, text) is
  'A page of the feed: 1 to 3, or what follows a cursor. GET /api/projects.';
