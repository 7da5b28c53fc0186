create or replace function tally.retention_variables()
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $function$
  select
$text$  v_dry    constant boolean := max_rows is null;
  v_family  oid[];
  v_reached oid[];
  v_keys    jsonb;
  v_key     record;
  v_again   boolean;
  v_self    boolean;
  v_places  boolean;
  v_pick    text;
  v_down    text;
  v_block   text;
  v_checks  text;
  -- Places of rows, each in two arrays: what was picked, that and what goes along, what must stay,
  -- what was left, what has gone in this call.
  v_tables  oid[];
  v_rows    tid[];
  v_all_t   oid[];
  v_all_r   tid[];
  v_next_t  oid[];
  v_next_r  tid[];
  v_stay_t  oid[];
  v_stay_r  tid[];
  v_left_t  oid[] := '{}'::oid[];
  v_left_r  tid[] := '{}'::tid[];
  v_gone_t  oid[] := coalesce(not_tables, '{}'::oid[]);
  v_gone_r  tid[] := coalesce(not_rows, '{}'::tid[]);
  v_before  integer := cardinality(v_gone_r);
  v_limit   bigint;
  v_picked  integer;
  v_went    boolean := false;
  v_cost    text := current_setting('random_page_cost');
  v_whole   boolean;
  v_table   oid;
  v_count   bigint;
  v_minus constant text := 'select array_agg(d.t), array_agg(d.r) from unnest($1, $2) d (t, r) '
    || 'where not exists (select from unnest($3, $4) g (t, r) where g.t = d.t and g.r = d.r)';
  v_gone constant text := 'not exists (select from unnest($2, $3) g (t, r) '
    || 'where g.t = %1$s.tableoid and g.r = %1$s.ctid)';
begin
$text$
$function$;

comment on function tally.retention_variables() is
  'Text for tally.retention_body: what its variables are.';

create or replace function tally.retention_keys()
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $function$
  select
$text$  -- Deletes at most max_rows old rows, without those that somebody has locked. A dry run, max_rows
  -- NULL, counts all that would go, as if not_rows had gone before; with remember it names them.
  --
  -- A row goes unless another one that stays refers to it by a key that forbids its going, or to
  -- what would go along with it by keys that cascade. It counts with what goes along of its own
  -- table, so the sum is the same however many calls it takes.
  gone := 0;
  v_family := array(select v_source::oid union select f.relid from pg_partition_tree(v_source) f);
  with recursive reached (relation) as (
    select f from unnest(v_family) f
    union
    select f.relation
    from reached x
    cross join lateral (select x.relation
                        union select a.relid from pg_partition_ancestors(x.relation) a) u (relation)
    join pg_constraint k on k.confrelid = u.relation and k.contype = 'f' and k.conparentid = 0
                            and k.confdeltype = 'c'
    cross join lateral (select k.conrelid
                        union select p.relid from pg_partition_tree(k.conrelid) p) f (relation)
  )
  select array_agg(x.relation) into v_reached from reached x;
  select jsonb_agg(to_jsonb(o) order by o.child, o.name) into v_keys
  from (
    select k.conname as name, k.confdeltype as action, k.conrelid::regclass::text as child,
           k.confrelid::regclass::text as parent, k.confrelid = any (v_family) as is_direct,
           k.conrelid = any (v_reached) as is_reached, k.conrelid = any (v_family) as is_self,
           has_any_column_privilege(k.conrelid, 'select') as is_readable,
           (select string_agg(format('tally_row.%I operator(%s.%s) c.%I', b.attname,
                                     e.oprnamespace::regnamespace, e.oprname, a.attname), ' and '
                              order by u.n)
            from unnest(k.conkey, k.confkey, k.conpfeqop) with ordinality u (child, parent, eq, n)
            join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.child
            join pg_attribute b on b.attrelid = k.confrelid and b.attnum = u.parent
            join pg_operator e on e.oid = u.eq) as matches
    from pg_constraint k
    where k.contype = 'f' and k.conparentid = 0
      and k.confrelid in (select r from unnest(v_reached) r
                          union
                          select a.relid from unnest(v_reached) r, pg_partition_ancestors(r) a)
  ) o;
  for v_key in
    select k.* from jsonb_to_recordset(v_keys) k (name text, child text, is_readable boolean)
    where not k.is_readable
  loop
    raise exception using errcode = 'insufficient_privilege',
      message = format('permission denied for table %s, which refers to what retention "%s" deletes '
                       '(foreign key %s)', v_key.child, v_rule, v_key.name),
      hint = format('grant select on %s to %I;', v_key.child, current_user);
  end loop;
$text$
$function$;

comment on function tally.retention_keys() is
  'Text for tally.retention_body: it finds the foreign keys that are concerned.';

create or replace function tally.retention_texts()
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $function$
  select
$text$  select coalesce(bool_or(k.action in ('a', 'r') and k.is_reached), false),
         bool_or(k.action = 'c' and k.is_self),
         -- What goes along with $1 and $2, without $3 and $4.
         'select array_agg(n.t), array_agg(n.r) from (select distinct o.t, o.r from ('
           || string_agg(format(
                'select c.tableoid as t, c.ctid as r from unnest($1, $2) d (t, r) join %s tally_row '
                'on tally_row.tableoid = d.t and tally_row.ctid = d.r join %s c on %s',
                k.parent, k.child, k.matches), ' union all ') filter (where k.action = 'c')
           || ') o) n where not exists (select from unnest($3, $4) g (t, r) '
              'where g.t = n.t and g.r = n.r)',
         -- Those of $1 and $2 to which something refers that is not among $3 and $4.
         'select array_agg(n.t), array_agg(n.r) from (select distinct o.t, o.r from ('
           || string_agg(format(
                'select d.t, d.r from unnest($1, $2) d (t, r) join %s tally_row on '
                'tally_row.tableoid = d.t and tally_row.ctid = d.r join %s c on %s where not exists '
                '(select from unnest($3, $4) g (t, r) where g.t = c.tableoid and g.r = c.ctid)',
                k.parent, k.child, k.matches), ' union all ')
              filter (where k.action in ('a', 'r', 'c'))
           || ') o) n',
         coalesce(bool_or(k.action in ('c', 'n', 'd')), false),
         format('from %s tally_row where %s', v_from, v_where) || coalesce(string_agg(
                format(' and not exists (select from %s c where %s', k.child, k.matches)
                  || case when v_dry then ' and ' || format(v_gone, 'c') else '' end || ')', '')
              filter (where k.is_direct and k.action in ('a', 'r')), '')
    into v_again, v_self, v_down, v_block, v_places, v_pick
  from jsonb_to_recordset(v_keys) k (action text, child text, parent text, matches text,
                                     is_direct boolean, is_reached boolean, is_self boolean);
  v_places := v_places or v_again or remember or not v_dry;
  if v_dry then
    v_pick := v_pick || ' and ' || format(v_gone, 'tally_row');
  end if;
  if not v_places then
    -- A figure is all that is needed.
    execute 'select count(*) ' || v_pick into gone using cutoff, v_gone_t, v_gone_r;
  end if;
  v_pick := 'select array_agg(d.t), array_agg(d.r) from (select tally_row.tableoid as t, '
    || 'tally_row.ctid as r ' || v_pick
    || ' and not exists (select from unnest($4, $5) g (t, r) where g.t = tally_row.tableoid '
       'and g.r = tally_row.ctid)'
    || case when v_dry then ') d'
            else ' limit $6 for update of tally_row skip locked) d' end;
  v_checks := $text$ || tally.deferred_checks(
'select r from unnest(v_reached) r
                                union select k.child::regclass
                                from jsonb_to_recordset(v_keys) k (action text, child text)
                                where k.action in (''n'', ''d'')') || $text$;
$text$
$function$;

comment on function tally.retention_texts() is
  'Text for tally.retention_body: it writes the queries for its table and the keys.';
