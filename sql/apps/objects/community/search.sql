create or replace function community.search(p_q text) returns json
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan  -- planning takes longer than reading does
  set enable_seqscan = off  -- each has an index of its words
as $function$
declare
  v_query constant tsquery := community.check_query(p_q);
  v_projects bigint[];
  v_chains bigint[];
begin
  -- Of a common word the newest 500 rows have ten, and no other row is newer. Of a rare one all
  -- matches are looked at besides. Without the limits a word that is in every second row would have
  -- all of them read. The server has no right on the table.
  v_projects := array(
    select n.id
    from (select o.id, o.words from community.projects as o order by o.id desc limit 500) as n
    where n.words @@ v_query
    order by n.id desc
    limit 10
  );
  if cardinality(v_projects) < 10 then
    v_projects := array(
      select f.id
      from (
        (select o.id from community.projects as o where o.words @@ v_query limit 1000)
        union
        select n.id from unnest(v_projects) as n (id)
      ) as f
      order by f.id desc
      limit 10
    );
  end if;
  v_chains := array(
    select n.id
    from (select o.id, o.words from community.chains as o order by o.id desc limit 500) as n
    where n.words @@ v_query
    order by n.id desc
    limit 10
  );
  if cardinality(v_chains) < 10 then
    v_chains := array(
      select f.id
      from (
        (select o.id from community.chains as o where o.words @@ v_query limit 1000)
        union
        select n.id from unnest(v_chains) as n (id)
      ) as f
      order by f.id desc
      limit 10
    );
  end if;
  return json_build_object(
    'projects', community.cards(v_projects),
    'chains', community.chain_cards(v_chains),
    'users', coalesce((
      select json_agg(json_build_object('id', f.id, 'name', f.name) order by f.name, f.id)
      from (
        select m.id, m.name
        from (
          select u.* from accounts.users as u
          where u.status = 'approved'
            and to_tsvector('simple'::regconfig, regexp_replace(u.name, '[^[:alnum:]]+', ' ', 'g'))
              @@ v_query
          limit 1000
        ) as m
        order by m.name, m.id
        limit 10
      ) as f
    ), '[]')
  );
end
$function$;

comment on function community.search(text) is
  'Projects, chains and users by words: ten of each. GET /api/search.';
