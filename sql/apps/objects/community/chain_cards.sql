create or replace function community.chain_cards(p_chains bigint[]) returns json
  language plpgsql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_n constant integer := cardinality(p_chains);
  v_values constant bigint[] := tally.values_of(
    array['community_chain_projects', 'community_chain_followers', 'community_chain_posts'],
    p_chains::text[]
  );
begin
  return (
    select coalesce(json_agg(json_build_object(
      'id', c.id, 'title', c.title, 'summary', left(c.description, 300),
      'owner', json_build_object('id', u.id, 'name', u.name),
      'createdAt', accounts.iso(c.created_at),
      'projects', v_values[k.pos], 'followers', v_values[v_n + k.pos],
      'posts', v_values[2 * v_n + k.pos]
    ) order by k.pos), '[]')
    from unnest(p_chains) with ordinality as k (id, pos)
    join community.chains as c on c.id = k.id
    join accounts.users as u on u.id = c.owner_id
  );
end
$function$;

comment on function community.chain_cards(bigint[]) is
  'Chains as lists show them, in the order given. Those that are gone are left out.';
