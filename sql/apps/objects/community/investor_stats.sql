create or replace function community.investor_stats(scope text) returns jsonb
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
  select accounts.numbers_of(array[
    'community_investors', 'community_investors_by_type', 'community_investors_by_sector'
  ], array['']);

  select case when scope = '' then jsonb_build_object(
    'investors', community.count_of('community_investors', ''),
    'byType', community.counts(
      array['community_investors_by_type'], array['individual', 'organization']
    ) -> 'community_investors_by_type',
    'bySector', (
      select coalesce(jsonb_agg(
        jsonb_build_object('sector', t.scope, 'investors', t.value) order by t.rank
      ), '[]')
      from tally.top('community_investors_by_sector', 50) as t
      where t.value > 0
    )
  ) end
$function$;

comment on function community.investor_stats(text) is
  'Builds the numbers of the directory: all, by type, and the 50 sectors with most investors.';

select tally.create_summary(
  'community_investor_stats', 'community.investor_stats', audience => 'public'
);
select tally.watch('community_investor_stats', 'community.investors');
