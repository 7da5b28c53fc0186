create or replace function community.cards(p_projects bigint[]) returns json
  language plpgsql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_n constant integer := cardinality(p_projects);
  v_values constant bigint[] := tally.values_of(
    array['community_votes', 'community_comments_on', 'community_badges_on'], p_projects::text[]
  );
begin
  -- One query for the rows, one for all their numbers, however many there are.
  return (
    select coalesce(json_agg(json_build_object(
      'id', p.id, 'title', p.title, 'summary', left(p.description, 300),
      'owner', json_build_object('id', u.id, 'name', u.name),
      'createdAt', accounts.iso(p.created_at),
      'votes', v_values[k.pos], 'comments', v_values[v_n + k.pos],
      'badges', v_values[2 * v_n + k.pos]
    ) order by k.pos), '[]')
    from unnest(p_projects) with ordinality as k (id, pos)
    join community.projects as p on p.id = k.id
    join accounts.users as u on u.id = p.owner_id
  );
end
$function$;

comment on function community.cards(bigint[]) is
  'Projects as lists show them, in the order given. Those that are gone are left out.';
