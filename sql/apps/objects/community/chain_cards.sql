create or replace function community.chain_cards(p_chains bigint[]) returns jsonb
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
  with numbers as materialized (
    select community.counts(
      array['community_chain_projects', 'community_chain_followers', 'community_chain_posts'],
      p_chains::text[]
    ) as n
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', c.id, 'title', c.title, 'summary', left(c.description, 300),
    'owner', jsonb_build_object('id', u.id, 'name', u.name),
    'createdAt', accounts.iso(c.created_at),
    'projects', n #> array['community_chain_projects', c.id::text],
    'followers', n #> array['community_chain_followers', c.id::text],
    'posts', n #> array['community_chain_posts', c.id::text]
  ) order by k.pos), '[]')
  from numbers
  cross join unnest(p_chains) with ordinality as k (id, pos)
  join community.chains as c on c.id = k.id
  join accounts.users as u on u.id = c.owner_id
$function$;

comment on function community.chain_cards(bigint[]) is
  'Chains as lists show them, in the order given. Those that are gone are left out.';
