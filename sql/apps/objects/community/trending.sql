create or replace function community.trending(p_n integer, p_after text) returns json
  language plpgsql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_ids bigint[] := '{}';
  v_next text;
  v_project bigint;
  v_votes bigint;
begin
  -- First what was voted for within 7 days, most votes first: the order of the counter. Then all
  -- else, the newest first: so that a project without a vote is in the list, too. A cursor says
  -- where in which of the two a page ended: v/VOTES/PROJECT or n/PROJECT.
  if p_after is null or p_after like 'v/%' then
    for v_project, v_votes in
      select t.scope::bigint, t.value
      from tally.top_after(
        'community_votes_week', p_n, split_part(p_after, '/', 2)::bigint,
        split_part(p_after, '/', 3)
      ) as t
      where t.value > 0
    loop
      v_ids := v_ids || v_project;
      v_next := format('v/%s/%s', v_votes, v_project);
    end loop;
    if v_next is null then
      -- Nothing, or nothing that can be read.
      perform accounts.numbers_of(array['community_votes_week'], array['']);
    end if;
  end if;
  if cardinality(v_ids) < p_n then
    for v_project in
      select p.id
      from community.projects as p
      where p.id < coalesce(
          case when p_after like 'n/%' then split_part(p_after, '/', 2)::bigint end,
          9223372036854775807
        )
        and not exists (
          select from community.votes as v where v.project_id = p.id and v.recency = 'week'
        )
      order by p.id desc
      limit p_n - cardinality(v_ids)
    loop
      v_ids := v_ids || v_project;
      v_next := format('n/%s', v_project);
    end loop;
  end if;
  return json_build_object(
    'projects', community.cards(v_ids),
    'next', case when cardinality(v_ids) = p_n then v_next end
  );
end
$function$;

comment on function community.trending(integer, text) is
  'A page of the trending projects, and where the next begins.';
