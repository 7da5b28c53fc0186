create or replace function community.ranked_chains(p_counter text, p_n integer) returns jsonb
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
  select accounts.numbers_of(array[
    p_counter, 'community_chain_projects', 'community_chain_followers', 'community_chain_posts'
  ], array['']);

  with board as materialized (
    select t.scope::bigint as id, t.value, t.rank from tally.top(p_counter, p_n) as t
    where t.value > 0
  )
  select coalesce(jsonb_agg(
    jsonb_build_object('rank', b.rank, 'chain', c.card) order by b.rank
  ), '[]')
  from board as b
  join json_array_elements(
    community.chain_cards((select array_agg(o.id order by o.rank) from board as o))
  ) as c (card) on (c.card ->> 'id')::bigint = b.id
$function$;

comment on function community.ranked_chains(text, integer) is
  'The chains that stand highest by a counter.';
