create or replace function community.user_profile(p_user uuid) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan  -- planning takes longer than reading does
  set enable_seqscan = off  -- and the plan may not be made for tables that are still small
as $function$
declare
  v_top text;
begin
  -- One of the 20 is read from their document; anybody else is put together now. Mostly it is
  -- anybody else, and a text without the id need not be read as JSON, which takes long. The server
  -- has no right on the table.
  begin
    v_top := tally.summary_text('community_top_profiles', '');
  exception when sqlstate 'TL021' then
    -- It cannot be built now, of a counter that is being filled, say: no reason to show nobody.
    null;
  end;
  return coalesce(
    case when strpos(v_top, p_user::text) > 0 then v_top::json -> p_user::text end,
    community.profiles(array[p_user]) -> p_user::text
  );
end
$function$;

comment on function community.user_profile(uuid) is
  'Somebody''s profile. GET /api/users/{id}.';
