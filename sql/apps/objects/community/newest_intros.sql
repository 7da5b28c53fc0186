create or replace function community.newest_intros(p_me uuid, p_received boolean) returns json
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
  -- One branch for each side: one condition for both would use neither index.
  select coalesce(json_agg(community.intro_json(n.intro) order by (n.intro).id desc), '[]')
  from (
    (select r as intro from community.intro_requests as r
     where p_received and r.investor_id = p_me
     order by r.id desc limit 20)
    union all
    (select r from community.intro_requests as r
     where not p_received and r.requester_id = p_me
     order by r.id desc limit 20)
  ) as n
$function$;

comment on function community.newest_intros(uuid, boolean) is
  'Somebody''s newest 20 intro requests: those to him, or his own.';
