create or replace function tally.retention_variables()
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $function$
  select
$text$  v_dry    constant boolean := max_rows is null;
  v_family  oid[];
  v_told    jsonb;
  v_rows_of text;
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
  v_deleted bigint;
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
tally.owner_check() || $text$  -- Deletes at most max_rows old rows, without those that somebody has locked. A dry run, max_rows
  -- NULL, counts all that would go, as if not_rows had gone before; with remember it names them.
  --
  -- A row goes unless another one that stays refers to it by a key that forbids its going, or to
  -- what would go along with it by keys that cascade. It counts with what goes along of its own
  -- table, so the sum is the same however many calls it takes.
  -- It does not go before those that refer to it by a key that sets null, and go themselves, where
  -- filter or age look at what is set. With a row that is kept by a trigger it goes on to the next.
  gone := 0;
  kept := 0;
  v_family := array(
    with recursive family (relation) as (
      select v_source::oid
      union
      select i.inhrelid from family f join pg_inherits i on i.inhparent = f.relation
    )
    select f.relation from family f);
  with recursive reached (relation) as (
    select f from unnest(v_family) f
    union
    select f.relation
    from reached x
    cross join lateral (select x.relation
                        union select a.relid from pg_partition_ancestors(x.relation) a) u (relation)
    join pg_constraint k on k.confrelid = u.relation and k.contype = 'f' and k.conparentid = 0
                            and k.confdeltype = 'c'
                            and to_jsonb(k) ->> 'conenforced' is distinct from 'false'
    cross join lateral (select k.conrelid
                        union select p.relid from pg_partition_tree(k.conrelid) p) f (relation)
  )
  select array_agg(x.relation) into v_reached from reached x;
  select jsonb_agg(to_jsonb(o) order by o.child, o.name) into v_keys
  from (
    select k.conname as name, k.conrelid::regclass::text as relation, x.action,
           -- Rows of tables that inherit from them neither refer by the key, nor are referred to.
           case when r.relkind = 'p' then '' else 'only ' end || k.conrelid::regclass as child,
           case when p.relkind = 'p' then '' else 'only ' end || k.confrelid::regclass as parent,
           k.confrelid = v_source as is_direct,
           k.conrelid = any (v_reached) as is_reached, k.conrelid = any (v_family) as is_self,
           -- Nothing can be set: it forbids as well.
           x.action <> k.confdeltype as is_never,
           x.action in ('n', 'd') and k.conrelid = v_source and k.confrelid = v_source
             and exists (select from unnest(x.sets) s (attnum)
                         join pg_attribute a on a.attrelid = k.conrelid and a.attnum = s.attnum
                         where position(quote_ident(a.attname) in v_where) > 0) as is_telling,
           has_any_column_privilege(k.conrelid, 'select') as is_readable,
           -- By the operator and the collation that PostgreSQL itself compares them by.
           (select string_agg(format('tally_row.%I%s operator(%s.%s) c.%I', b.attname,
                                     case when a.attcollation <> b.attcollation then
                                       (select format(' collate %s.%I',
                                                      l.collnamespace::regnamespace, l.collname)
                                        from pg_collation l, pg_collation m
                                        where m.oid = b.attcollation and l.oid =
                                          case when m.collisdeterministic then a.attcollation
                                               else b.attcollation end) end,
                                     e.oprnamespace::regnamespace, e.oprname, a.attname), ' and '
                              order by u.n)
            from unnest(k.conkey, k.confkey, k.conpfeqop) with ordinality u (child, parent, eq, n)
            join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.child
            join pg_attribute b on b.attrelid = k.confrelid and b.attnum = u.parent
            join pg_operator e on e.oid = u.eq)
             || case when p.relkind <> 'p' and k.confrelid = v_source and cardinality(v_family) > 1
                     then format(' and tally_row.tableoid = %s', k.confrelid) else '' end as matches
    from pg_constraint k
    join pg_class r on r.oid = k.conrelid
    join pg_class p on p.oid = k.confrelid
    cross join lateral (
      select s.sets,
             case when k.confdeltype in ('n', 'd')
                   and exists (select from unnest(s.sets) u (attnum)
                               join pg_attribute a on a.attrelid = k.conrelid
                                                  and a.attnum = u.attnum
                               join pg_type t on t.oid = a.atttypid
                               where (a.attnotnull or t.typnotnull)
                                 and (k.confdeltype = 'n'
                                      or not a.atthasdef and t.typdefault is null))
                  then 'r' else k.confdeltype end as action
      from (select coalesce(nullif(k.confdelsetcols, '{}'), k.conkey) as sets) s
    ) x
    where k.contype = 'f' and k.conparentid = 0
      -- One that is not enforced (PostgreSQL 18) protects nothing.
      and to_jsonb(k) ->> 'conenforced' is distinct from 'false'
      and k.confrelid in (select r from unnest(v_reached) r
                          union
                          select a.relid from unnest(v_reached) r, pg_partition_ancestors(r) a)
  ) o;
  for v_key in
    select k.* from jsonb_to_recordset(v_keys) k (name text, relation text, is_readable boolean)
    where not k.is_readable
  loop
    raise exception using errcode = 'insufficient_privilege',
      message = format('permission denied for table %s, which refers to what retention "%s" deletes '
                       '(foreign key %s)', v_key.relation, v_rule, v_key.name),
      hint = format('grant select on %s to %I;', v_key.relation, current_user);
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
set standard_conforming_strings = on
as $function$
  select
$text$  v_rows_of := v_from;
  if v_dry then
    -- Rows of this table as they would be: without what keys set that refer to rows that are gone,
    -- where filter or age look at it.
    select jsonb_object_agg(s.column, s.value) into v_told
    from (
      select quote_ident(a.attname) as column,
             string_agg(format(' when exists (select from unnest($2, $3) g (t, r) join %s%s '
                               'tally_row on tally_row.tableoid = g.t and tally_row.ctid = g.r '
                               'where %s) then %s',
                               case when p.relkind = 'p' then '' else 'only ' end,
                               k.confrelid::regclass, m.matches,
                               case when k.confdeltype = 'd' and x.text !~ '\(' then x.text
                                    else 'null' end), '') as value
      from pg_constraint k
      join pg_class p on p.oid = k.confrelid
      cross join lateral unnest(coalesce(nullif(k.confdelsetcols, '{}'), k.conkey)) u (attnum)
      join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.attnum
                         and position(quote_ident(a.attname) in v_where) > 0
      left join lateral (
        -- One that calls something, a sequence say, is not for a dry run.
        select pg_get_expr(d.adbin, d.adrelid) as text
        from pg_attrdef d
        where d.adrelid = a.attrelid and d.adnum = a.attnum
      ) x on true
      cross join lateral (
        select string_agg(format('tally_row.%I operator(%s.%s) c.%I%s', b.attname,
                                 e.oprnamespace::regnamespace, e.oprname, a.attname,
                                 case when a.attcollation <> b.attcollation then
                                   (select format(' collate %s.%I', l.collnamespace::regnamespace,
                                                  l.collname)
                                    from pg_collation l where l.oid = b.attcollation) end), ' and ')
                 as matches
        from unnest(k.conkey, k.confkey, k.conpfeqop) o (child, parent, eq)
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = o.child
        join pg_attribute b on b.attrelid = k.confrelid and b.attnum = o.parent
        join pg_operator e on e.oid = o.eq
      ) m
      where k.contype = 'f' and k.conparentid = 0 and k.conrelid = v_source
        and k.confdeltype in ('n', 'd')
        and to_jsonb(k) ->> 'conenforced' is distinct from 'false'
        and has_any_column_privilege(k.confrelid, 'select')
      group by a.attname
    ) s;
    if v_told is not null then
      v_rows_of := (
        select format('(select c.tableoid, c.ctid, %s from %s c)', string_agg(
                 case when v_told ? quote_ident(a.attname)
                      then format('case%s else c.%2$I end as %2$I',
                                  v_told ->> quote_ident(a.attname), a.attname)
                      else format('c.%I', a.attname) end, ', ' order by a.attnum), v_from)
        from pg_attribute a
        where a.attrelid = v_source and a.attnum > 0 and not a.attisdropped);
    end if;
  end if;
  select coalesce(bool_or(k.action in ('a', 'r') and (k.is_reached or not k.is_direct)
                          or k.is_telling), false),
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
         coalesce(bool_or(k.action in ('c', 'n', 'd') or not k.is_direct), false),
         format('from %s tally_row where %s', v_rows_of, v_where) || coalesce(string_agg(
                format(' and not exists (select from %s c where %s', k.child, k.matches)
                  || case when v_dry then ' and ' || format(v_gone, 'c') else '' end || ')', '')
              filter (where k.is_direct and k.action in ('a', 'r')), '')
           || coalesce(string_agg(
                format(' and not exists (select from (select tally_row.*, tally_row.tableoid as '
                       'tally_t, tally_row.ctid as tally_r from %s tally_row where %s', v_rows_of,
                       v_where)
                  || case when v_dry then ' and ' || format(v_gone, 'tally_row') else '' end
                  || format(') c where %s and (c.tally_t, c.tally_r) <> (tally_row.tableoid, '
                            'tally_row.ctid)%s)', k.matches,
                            case when k.child like 'only %' and cardinality(v_family) > 1
                                 then format(' and c.tally_t = %s', v_source::oid) else '' end), '')
              filter (where k.is_telling), '')
    into v_again, v_self, v_down, v_block, v_places, v_pick
  from jsonb_to_recordset(v_keys) k (action text, child text, parent text, matches text,
                                     is_direct boolean, is_reached boolean, is_self boolean,
                                     is_telling boolean);
  v_places := v_places or v_again or remember or not v_dry;
  if v_dry then
    v_pick := v_pick || ' and ' || format(v_gone, 'tally_row');
  end if;
  if not v_places then
    -- A figure is all that is needed.
    execute 'select count(*) ' || v_pick || ' and tally_row.tableoid <> all ($4)' into gone
      using cutoff, v_gone_t, v_gone_r, not_in;
  end if;
  v_pick := 'select array_agg(d.t), array_agg(d.r) from (select tally_row.tableoid as t, '
    || 'tally_row.ctid as r ' || v_pick
    || ' and not exists (select from unnest($4, $5) g (t, r) where g.t = tally_row.tableoid '
       'and g.r = tally_row.ctid) and tally_row.tableoid <> all ($7)'
    || case when v_dry then ') d'
            else ' limit $6 for update of tally_row skip locked) d' end;
  v_checks := $text$ || tally.deferred_checks(
'select r from unnest(v_reached) r
                                union select k.relation::regclass
                                from jsonb_to_recordset(v_keys) k (action text, relation text)
                                where k.action in (''n'', ''d'')') || $text$;
$text$
$function$;

comment on function tally.retention_texts() is
  'Text for tally.retention_body: it writes the queries for its table and the keys.';
