create or replace function community.trending_chains(scope text) returns jsonb
  language plpgsql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_ids bigint[];
begin
  -- Those that won followers within 7 days, most first; then the newest, so that there are 20 as
  -- long as there are so many.
  if scope <> '' then
    return null;
  end if;
  perform accounts.numbers_of(array[
    'community_chain_follows_week', 'community_chain_projects', 'community_chain_followers',
    'community_chain_posts'
  ], array['']);
  v_ids := array(
    select t.scope::bigint from tally.top('community_chain_follows_week', 20) as t
    where t.value > 0 order by t.rank
  );
  if cardinality(v_ids) < 20 then
    v_ids := v_ids || array(
      select c.id from community.chains as c
      where c.id <> all (v_ids)
      order by c.id desc
      limit 20 - cardinality(v_ids)
    );
  end if;
  return community.chain_cards(v_ids);
end
$function$;

comment on function community.trending_chains(text) is
  'Builds the 20 chains that trend.';

select tally.create_summary(
  'community_trending_chains', 'community.trending_chains', audience => 'public'
);
select tally.watch('community_trending_chains', 'community.chains');
select tally.watch('community_trending_chains', 'community.chain_projects');
select tally.watch('community_trending_chains', 'community.chain_followers');
select tally.watch('community_trending_chains', 'community.chain_posts');
select tally.watch('community_trending_chains', 'accounts.users');
