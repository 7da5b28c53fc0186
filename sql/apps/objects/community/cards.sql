create or replace function community.cards(p_projects bigint[]) returns jsonb
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
  -- One query for the rows, one for all their numbers, however many there are.
  with numbers as materialized (
    select community.counts(
      array['community_votes', 'community_comments_on', 'community_badges_on'], p_projects::text[]
    ) as n
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', p.id, 'title', p.title, 'summary', left(p.description, 300),
    'owner', jsonb_build_object('id', u.id, 'name', u.name),
    'createdAt', accounts.iso(p.created_at),
    'votes', n #> array['community_votes', p.id::text],
    'comments', n #> array['community_comments_on', p.id::text],
    'badges', n #> array['community_badges_on', p.id::text]
  ) order by k.pos), '[]')
  from numbers
  cross join unnest(p_projects) with ordinality as k (id, pos)
  join community.projects as p on p.id = k.id
  join accounts.users as u on u.id = p.owner_id
$function$;

comment on function community.cards(bigint[]) is
  'Projects as lists show them, in the order given. Those that are gone are left out.';
