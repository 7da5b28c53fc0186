create or replace function community.chains_page(p_sort text, p_after text) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_ids bigint[] := '{}';
  v_next text;
  v_chain bigint;
  v_followers bigint;
begin
  -- trending is one page of 20. A cursor of the others says where the page ended:
  -- f/FOLLOWERS/CHAIN or n/CHAIN.
  if p_sort = 'trending' then
    if p_after is not null then
      raise exception using errcode = 'TA400', column = 'after',
        message = 'leads nowhere: trending chains are one page';
    end if;
    return json_build_object(
      'chains', tally.summary_text('community_trending_chains', '')::json, 'next', null
    );
  end if;
  perform accounts.check_cursor(
    p_after, case p_sort when 'newest' then '^n/[0-9]{1,18}$' else '^f/[0-9]{1,18}/[0-9]{1,18}$' end
  );
  if p_sort = 'newest' then
    for v_chain in
      select c.id from community.chains as c
      where c.id < coalesce(split_part(p_after, '/', 2)::bigint, 9223372036854775807)
      order by c.id desc
      limit 20
    loop
      v_ids := v_ids || v_chain;
      v_next := format('n/%s', v_chain);
    end loop;
  else
    for v_chain, v_followers in
      select t.scope::bigint, t.value
      from tally.top_after(
        'community_chain_followers', 20, split_part(p_after, '/', 2)::bigint,
        split_part(p_after, '/', 3)
      ) as t
      where t.value > 0
    loop
      v_ids := v_ids || v_chain;
      v_next := format('f/%s/%s', v_followers, v_chain);
    end loop;
    if v_next is null then
      -- Nothing, or nothing that can be read.
      perform accounts.numbers_of(array['community_chain_followers'], array['']);
    end if;
  end if;
  return json_build_object(
    'chains', community.chain_cards(v_ids),
    'next', case when cardinality(v_ids) = 20 then v_next end
  );
end
$function$;

comment on function community.chains_page(text, text) is
  'Chains: trending, newest, or by followers. GET /api/chains.';
