create or replace function community.put_investor(
  p_me uuid, p_roles text[], p_entry jsonb
) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_investor community.investors;
begin
  -- The whole entry, each time. The server has no right on the table: this is the only way in.
  perform community.refuse_stranger(p_me);
  if not p_roles && array['investor', 'admin'] then
    raise exception using errcode = 'TA403', message = 'The directory is of the role investor.';
  end if;
  insert into community.investors as i
    (id, user_id, type, name, company, bio, sectors, check_min, check_max)
  values (
    p_me, p_me, p_entry ->> 'type', p_entry ->> 'name', coalesce(p_entry ->> 'company', ''),
    coalesce(p_entry ->> 'bio', ''),
    array(
      select distinct lower(s.sector)
      from jsonb_array_elements_text(p_entry -> 'sectors') as s (sector)
      order by 1
    ),
    (p_entry ->> 'minCheck')::bigint, (p_entry ->> 'maxCheck')::bigint
  )
  on conflict (id) do update
  set type = excluded.type, name = excluded.name, company = excluded.company, bio = excluded.bio,
    sectors = excluded.sectors, check_min = excluded.check_min, check_max = excluded.check_max
  returning * into v_investor;
  return community.investor_json(v_investor);
end
$function$;

comment on function community.put_investor(uuid, text[], jsonb) is
  'An investor''s own entry in the directory. PUT /api/investors/me.';
