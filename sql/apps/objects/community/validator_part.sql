create or replace function community.validator_part(p_me uuid) returns json
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
  select json_build_object(
    'badgesAwarded', community.count_of('community_badges_by', p_me::text),
    'newestBadges', coalesce((
      select json_agg(json_build_object(
        'projectId', p.id, 'title', p.title, 'note', b.note, 'awardedAt', accounts.iso(b.awarded_at)
      ) order by b.awarded_at desc, b.project_id)
      from (
        select o.* from community.badges as o
        where o.validator_id = p_me
        order by o.awarded_at desc
        limit 20
      ) as b
      join community.projects as p on p.id = b.project_id
    ), '[]')
  )
$function$;

comment on function community.validator_part(uuid) is
  'What validators see: the badges that they awarded.';
