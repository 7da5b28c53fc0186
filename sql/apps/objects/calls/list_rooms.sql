create or replace function calls.list_rooms(p_before bigint) returns json
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan  -- planning takes longer than reading does
  set enable_seqscan = off  -- and the plan may not be made for tables that are still small
as $function$
begin
  -- 50 a page, by key. The server has no right on the tables.
  return (
    select json_build_object('rooms', coalesce(
      json_agg(
        json_build_object('id', p.id, 'name', p.name, 'matchId', m.id, 'matchTitle', m.title)
        order by p.id desc
      ),
      '[]'
    ))
    from (
      select r.id, r.name, r.match_id
      from calls.rooms as r
      where r.id < coalesce(p_before, 9223372036854775807)
      order by r.id desc
      limit 50
    ) as p
    join calls.matches as m on m.id = p.match_id
  );
end
$function$;

comment on function calls.list_rooms(bigint) is
  'Rooms that somebody can be called into, newest first, 50 at a time. GET /calls/rooms.';
