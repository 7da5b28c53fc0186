-- The rows of a watched table are looked through for scopes of which no document is known: where
-- every document is marked, because what changed cannot be told row by row, these are among them.

create or replace function tally.look_body(source regclass)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- The function that looks through a table: each of its watches in words of its own. It is told of
  -- its table, and names none, as in tally.expiry_body. A row that a watch cannot be evaluated on
  -- is passed over: then they are taken one by one.
  select case when count(*) > 0 then format(
$body$
#variable_conflict use_column
declare
  v_row   text;
  v_scope text;
begin
%s%send
$body$, tally.owner_check(), string_agg(format(
$watch$  if v_watch = %1$s then
    begin
      return query execute %2$L || v_source::text || %3$L using v_after, v_most;
      return;
    exception when others or assert_failure then
      if sqlstate like '42%%' or sqlstate like '5%%' then
        raise;  -- not because of one row
      end if;
    end;
    for v_row in execute 'select t::text from ' || v_source::text || ' t' loop
      begin
        execute %4$L || v_source::text || %5$L into v_scope using v_row;
        if v_scope is not null then
          return next v_scope;
        end if;
      exception when others or assert_failure then
        if sqlstate like '42%%' or sqlstate like '5%%' then
          raise;
        end if;
      end;
    end loop;
  end if;
$watch$, w.id,
    format('select k.scope from (select distinct (%s) collate "C" as scope from (%s from ',
           w.scope_sql, c.list),
    format(' t) r where (%s)) k where octet_length(k.scope) <= 512 and ($1 is null or k.scope > $1) '
           'order by k.scope limit $2', w.filter_sql),
    format('select (%s) from (%s from (select ($1::', w.scope_sql, c.list),
    format(').*) t) r where (%s)', w.filter_sql)), '' order by w.id)) end
  from tally.watches w
  cross join lateral (
    select coalesce('select ' || tally.column_list(w.source, w.columns), 'select 1') as list
  ) c
  where w.source = look_body.source and w.scope is not null
$function$;

comment on function tally.look_body(regclass) is
  'Text for tally.build_look; NULL where no watch of a table has a scope.';

create or replace function tally.look_stands(source regclass)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  select coalesce(
    (select p.prosrc = b.body and p.prosecdef and p.proowner = c.relowner
            and has_function_privilege('tally_owner', p.oid, 'execute')
     from pg_proc p
     join pg_class c on c.oid = look_stands.source
     where p.pronamespace = 'tally'::regnamespace
       and p.proname = (select 'look_' || w.slug from tally.watched w
                        where w.source = look_stands.source)),
    b.body is null)
  from (select tally.look_body(look_stands.source) as body) b
$function$;

comment on function tally.look_stands(regclass) is
  'Whether the function that looks through a watched table is as tally.build_look would write it.';

create or replace function tally.drop_look(slug text)
returns void
language plpgsql
security definer  -- it belongs to the table's owner, and lives in tally_owner's schema
set search_path = pg_catalog, pg_temp
as $function$
begin
  execute format('drop function if exists tally.look_%s(regclass, bigint, text, integer)', slug);
end
$function$;

comment on function tally.drop_look(text) is 'Drops the function that looks through a table.';

create or replace function tally.build_look(source regclass)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_slug text := (select w.slug from tally.watched w where w.source = build_look.source);
  v_body text := tally.look_body(source);
begin
  -- With the caller's rights, who may act as the owner of the table: it runs as that owner, because
  -- marking needs no right of tally_owner to read the table.
  perform tally.drop_look(v_slug);
  if v_body is null then
    return;
  end if;
  execute format(
$create$create function tally.look_%s(
  v_source regclass, v_watch bigint, v_after text, v_most integer
)
returns setof text
language plpgsql
volatile
security definer  -- with the rights of the owner of the table; tally_owner alone may call it
set search_path = pg_catalog, pg_temp
set row_security = off
set lock_timeout = '2s'
%sas %L$create$, v_slug, tally.pinned_settings(), v_body);
  execute format('comment on function tally.look_%s(regclass, bigint, text, integer) is %L', v_slug,
    format('Made by tally.build_look: the scopes of the rows of %s, in order.', source));
  perform tally.hand_over(
    format('tally.look_%s(regclass, bigint, text, integer)', v_slug)::regprocedure,
    (select c.relowner from pg_class c where c.oid = source));
end
$function$;

comment on function tally.build_look(regclass) is
  'Writes the function tally.look_<slug> of a watched table, which finds scopes in its rows.';

create or replace function tally.look_through(
  summary bigint, after text, most integer, out scopes text[], out error text
)
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_watch record;
  v_found text[];
begin
  -- In a subtransaction that may only read, and is always rolled back: so no lock on a table is kept
  -- when it ends, nor anything that an expression does. A watch that is broken hides no other.
  scopes := '{}';
  for v_watch in
    select w.id, w.source, s.slug
    from tally.watches w
    join tally.watched s on s.source = w.source
    where w.summary = look_through.summary and w.scope is not null
    order by w.id
  loop
    begin
      perform set_config('transaction_read_only', 'on', true);
      execute format(
        'select array_agg(k.s order by k.s) from (select distinct l.s from tally.look_%s($1, $2, $3, $4) '
        'l (s) where octet_length(l.s) <= 512 and ($3 is null or l.s collate "C" > $3) '
        'order by 1 limit $4) k', v_watch.slug)
      into v_found using v_watch.source, v_watch.id, after, most;
      raise exception using errcode = 'triggered_action_exception', message = 'looked';
    exception when others or assert_failure then
      if sqlstate <> '09000' then
        error := tally.brief(sqlerrm);
        v_found := null;
      end if;
    end;
    scopes := scopes || coalesce(v_found, '{}');
  end loop;
  scopes := array(select distinct s collate "C" from unnest(scopes) s order by 1 limit most);
end
$function$;

comment on function tally.look_through(bigint, text, integer) is
  'The scopes in the rows that a summary watches, in order, at most so many; and what is wrong with a '
  'watch that could not be evaluated.';

create or replace function tally.look_due(before timestamptz)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_look     record;
  v_all      record;
  v_found    record;
  v_began    timestamptz := clock_timestamp();
  v_expected real;
  v_more     boolean;
begin
  -- One piece: ten thousand scopes of one summary. Those that have a document, or are due, are left
  -- out. What it found is built as anything else that is due.
  select l.summary, l.after, l.due_at into v_look from tally.looks l
  where l.due_at <= look_due.before and not l.is_rest
  order by l.due_at
  limit 1
  for update skip locked;
  if not found then
    return false;
  end if;
  with gone as (
    delete from tally.looks l
    where l.ctid in (select o.ctid from tally.looks o
                     where o.summary = v_look.summary
                       and (o.is_rest or o.after is not distinct from v_look.after)
                     for update skip locked)
    returning l.since, l.attempts, l.is_rest
  )
  select min(g.since) as since, max(g.attempts) as attempts into v_all
  from gone g where not g.is_rest;
  if not exists (select from tally.summary_definitions s where s.id = v_look.summary) then
    return false;
  end if;
  v_found := tally.look_through(v_look.summary, v_look.after, 10000);
  v_expected := tally.expected_ms(v_look.summary, null);
  insert into tally.due (summary, scope, due_since, due_at, is_slow)
  select v_look.summary, s.scope, v_all.since, v_look.due_at, tally.is_slow(v_expected)
  from unnest(v_found.scopes) s (scope)
  cross join lateral (
    -- Each by itself: a join, planned while there was one row, reads all of them for each.
    select exists (select from tally.documents d
                   where d.summary = v_look.summary and d.scope = s.scope)
        or exists (select from tally.due d
                   where d.summary = v_look.summary and d.scope = s.scope) as is_known offset 0
  ) k
  where not k.is_known;
  v_more := found;
  if cardinality(v_found.scopes) = 10000 then
    insert into tally.looks (summary, after, since, due_at, attempts)
    values (v_look.summary, v_found.scopes[10000], v_all.since, clock_timestamp(), v_all.attempts);
    v_more := true;
  elsif v_found.error is not null then
    -- Until the watch is mended, or taken away.
    insert into tally.looks (summary, since, due_at, attempts)
    values (v_look.summary, v_all.since, clock_timestamp() + tally.backoff(v_all.attempts + 1),
            v_all.attempts + 1);
  else
    insert into tally.looks (summary, since, due_at, is_rest)
    select v_look.summary, v_all.since, clock_timestamp() + 10 * (clock_timestamp() - v_began), true
    where clock_timestamp() > v_began + interval '100 milliseconds';
  end if;
  return v_more;
end
$function$;

comment on function tally.look_due(timestamptz) is
  'Part of tally.build_slow: looks through the tables of one summary for scopes without a document; '
  'whether it found any, or there are more.';
