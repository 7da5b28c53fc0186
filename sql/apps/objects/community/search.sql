create or replace function community.search(p_q text) returns jsonb
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off  -- each has an index of its words
as $function$
declare
  v_query tsquery;
begin
  -- Of a rare word all matches are looked at, and of a common one the newest rows, which have it.
  -- Without the limits a word that is in every second row would have all of them read. The server
  -- has no right on the table.
  v_query := community.check_query(p_q);
  return jsonb_build_object(
    'projects', community.cards(array(
      select f.id
      from (
        (select o.id from community.projects as o where o.words @@ v_query limit 1000)
        union
        select n.id
        from (select o.* from community.projects as o order by o.id desc limit 500) as n
        where n.words @@ v_query
      ) as f
      order by f.id desc
      limit 10
    )),
    'chains', community.chain_cards(array(
      select f.id
      from (
        (select o.id from community.chains as o where o.words @@ v_query limit 1000)
        union
        select n.id
        from (select o.* from community.chains as o order by o.id desc limit 500) as n
        where n.words @@ v_query
      ) as f
      order by f.id desc
      limit 10
    )),
    'users', coalesce((
      select jsonb_agg(jsonb_build_object('id', f.id, 'name', f.name) order by f.name, f.id)
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
