create or replace function community.directory(
  p_type text, p_sectors text[], p_min bigint, p_max bigint, p_q text, p_page integer, p_after
  text
) returns json
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off  -- every filter has an index, and so has the order
as $function$
declare
  v_where text;
  v_after constant text :=
    case when p_after is null then 'true' else '(i.name, i.id) > ($8, $6)' end;
  v_next text;
  v_keys text;
  v_entries json;
begin
  -- Put together of those filters that are asked for, so that each combination gets a plan of its
  -- own. Only fixed texts go into it. Cheques fit where the two ranges meet. A cursor is the key
  -- of the last entry, ID/NAME: so the next page is the right one also where that entry is gone, or
  -- of another name. The server has no right on the table.
  v_where := array_to_string(array[
    'i.listed',
    case when p_type is not null then 'i.type = $1' end,
    case when p_sectors <> '{}' then 'i.sectors && $2' end,
    case when p_min is not null or p_max is not null
      then $$int8range(i.check_min, i.check_max, '[]') && int8range($3, $4, '[]')$$ end,
    case when p_q is not null then 'i.words @@ $5' end
  ], ' and ');
  if p_min > p_max then
    raise exception using errcode = 'TA400', column = 'max_check',
      message = 'is less than min_check';
  end if;
  perform accounts.check_cursor(p_after, '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.{1,200}$');
  -- How many entries have the beginning of a word, nobody knows beforehand. Of a common one the
  -- next 500 by name have a page. Of a rare one all matches are looked at besides, as far as a
  -- thousand: materialized, or they would be looked for in the order of the names, through all of
  -- the directory. The thousand are the same whatever the cursor, and fewer than that are all.
  v_next := format(
    $$select i.id, i.name
      from (
        select i.* from community.investors as i
        where i.listed and %s
        order by i.name, i.id
        limit 500
      ) as i
      where %s$$, v_after, v_where
  );
  foreach v_keys in array array[v_next, format(
    $$with w as materialized (select i.id, i.name from community.investors as i where %s)
      select i.id, i.name from (select w.id, w.name from w limit 1000) as i where %s
      union
      %s$$, v_where, v_after, v_next
  )] loop
    execute format(
      $$select coalesce(
          json_agg(community.investor_json(f.entry) order by (f.entry).name, (f.entry).id), '[]'
        )
        from (%s) as f$$,
      case when p_q is null then format(
        $$select i as entry from community.investors as i
          where %s and %s
          order by i.name, i.id
          limit 20 offset $7$$, v_where, v_after
      ) else format(
        $$select i as entry
          from (select k.id from (%s) as k order by k.name, k.id limit 20 offset $7) as p
          join community.investors as i on i.id = p.id$$, v_keys
      ) end
    ) into v_entries
    using p_type, array(select lower(s.sector) from unnest(p_sectors) as s (sector)), p_min, p_max,
      case when p_q is not null then community.check_query(p_q) end, left(p_after, 36)::uuid,
      case when p_after is null then 20 * (p_page - 1) else 0 end, substr(p_after, 38);
    exit when p_q is null or json_array_length(v_entries) = 20;
  end loop;
  return json_build_object(
    'investors', v_entries,
    'next', case when json_array_length(v_entries) = 20
      then (v_entries #>> '{19,id}') || '/' || (v_entries #>> '{19,name}') end
  );
end
$function$;

comment on function community.directory(text, text[], bigint, bigint, text, integer, text) is
  'The directory of investors, 20 at a time. GET /api/investors/public.';
