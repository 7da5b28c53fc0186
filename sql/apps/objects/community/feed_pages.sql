create or replace function community.feed_pages(scope text) returns jsonb
  language plpgsql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_pages jsonb := '[]';
  v_one jsonb;
  v_after text;
begin
  -- Three pages in one document, of one instant: no project is on two of them, and none on none.
  if scope not in ('trending', 'newest') then
    return null;
  end if;
  perform accounts.numbers_of(array[
    'community_votes_week', 'community_votes', 'community_comments_on', 'community_badges_on'
  ], array['']);
  for v_page in 1..3 loop
    exit when v_page > 1 and v_after is null;
    v_one := case scope when 'trending' then community.trending(20, v_after)
                        else community.newest(20, v_after) end;
    v_pages := v_pages || v_one;
    v_after := v_one ->> 'next';
  end loop;
  return v_pages;
end
$function$;

comment on function community.feed_pages(text) is
  'Builds the first three pages of the feed: trending or newest.';

select tally.create_summary('community_feed', 'community.feed_pages', audience => 'public');
select tally.watch('community_feed', 'community.projects', scope => $$'newest'$$);
select tally.watch('community_feed', 'community.projects', scope => $$'trending'$$);
select tally.watch('community_feed', 'community.votes', scope => $$'newest'$$);
select tally.watch('community_feed', 'community.votes', scope => $$'trending'$$);
select tally.watch('community_feed', 'community.comments', scope => $$'newest'$$);
select tally.watch('community_feed', 'community.comments', scope => $$'trending'$$);
select tally.watch('community_feed', 'community.badges', scope => $$'newest'$$);
select tally.watch('community_feed', 'community.badges', scope => $$'trending'$$);
select tally.watch('community_feed', 'accounts.users', scope => $$'newest'$$);
select tally.watch('community_feed', 'accounts.users', scope => $$'trending'$$);
