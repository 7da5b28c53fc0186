create or replace function tally.clean_up_rules(which text, keep interval)
returns table (name text, source regclass, rows bigint, partitions integer)
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_place   record;
  v_rule    tally.retentions;
  v_done    record;
  v_dropped integer := 0;
  v_waiting text[] := '{}'::text[];
begin
  -- For one rule by name an error is raised; for all of them it is a warning, and the others go on.
  perform tally.check_isolation('tally.clean_up');
  for v_place in
    select o.name, o.concerns from tally.rules_in_order(which) o order by o.place
  loop
    select r.* into v_rule from tally.retentions r where r.name = v_place.name;
    continue when not found;
    name := v_rule.name;
    source := v_rule.source;
    rows := 0;
    partitions := 0;
    if v_rule.name = any (v_waiting) then
      return next;
      continue;
    end if;
    begin
      select c.* into v_done
      from tally.clean_up_rule(v_rule, keep, v_dropped = 0,
                               (select s.clean_up_rows from tally.settings s)) c;
    exception when others or assert_failure then
      if which is not null then
        raise;
      end if;
      raise warning using errcode = 'TL038',
        message = format('retention "%s" failed: %s', v_rule.name, tally.brief(sqlerrm));
      continue;
    end;
    if v_done.is_busy then
      raise warning using errcode = 'TL042',
        message = format('retention "%s": another session cleans up by it, so nothing was done '
                         'here', v_rule.name),
        hint = 'Call again for what it leaves.';
    elsif v_done.is_more then
      raise notice 'retention "%": there may be more: call it again', v_rule.name;
    end if;
    if v_done.is_busy or v_done.is_more then
      -- Those whose figures depend on it take their turn when it has no more.
      v_waiting := v_waiting || v_place.concerns;
    end if;
    v_dropped := v_dropped + v_done.partitions;
    rows := v_done.gone;
    partitions := v_done.partitions;
    return next;
  end loop;
end
$function$;

comment on function tally.clean_up_rules(text, interval) is
  'What tally.clean_up does. PL/pgSQL lets no parameter and result column share the name "name".';

create or replace function tally.count_rules(which text, keep interval)
returns table (name text, source regclass, rows bigint, partitions integer)
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_rule       record;
  v_done       record;
  v_level      text := current_setting('client_min_messages');
  v_circular   boolean := exists (select from tally.rules_in_order(which) o where o.is_circular);
  v_last       boolean := not v_circular;
  v_sums       jsonb := '{}';
  v_more       boolean;
  v_failed     text[] := '{}'::text[];
  v_partitions regclass[] := '{}'::regclass[];
  v_tables     oid[] := '{}'::oid[];
  v_rows       tid[] := '{}'::tid[];
begin
  -- The dry run. What a rule takes is remembered only where another one's figure depends on it.
  -- Tables that refer to each other in a circle are gone through until nothing more would go, as
  -- clean-ups are repeated; what stays is said the last time.
  loop
    v_more := false;
    if not v_last then
      perform set_config('client_min_messages', 'warning', true);
    end if;
    for v_rule in
      select r, o.concerns
      from tally.rules_in_order(which) o
      join tally.retentions r on r.name = o.name
      where o.name <> all (v_failed)
      order by o.place
    loop
      begin
        select c.* into v_done
        from tally.count_rule(v_rule.r, keep, v_circular or cardinality(v_rule.concerns) > 0,
                              v_partitions, v_tables, v_rows) c;
      exception when others or assert_failure then
        if which is not null then
          raise;
        end if;
        raise warning using errcode = 'TL038',
          message = format('retention "%s" failed: %s', (v_rule.r).name, tally.brief(sqlerrm));
        v_failed := v_failed || (v_rule.r).name;
        continue;
      end;
      v_more := v_more or v_done.gone > 0;
      v_sums := v_sums || jsonb_build_object((v_rule.r).name, array[
        coalesce((v_sums -> (v_rule.r).name ->> 0)::bigint, 0) + v_done.gone,
        coalesce((v_sums -> (v_rule.r).name ->> 1)::bigint, 0) + cardinality(v_done.partitions)]);
      v_partitions := v_partitions || v_done.partitions;
      v_tables := v_tables || v_done.tables;
      v_rows := v_rows || v_done.rows;
    end loop;
    exit when v_last;
    v_last := not v_more;
    perform set_config('client_min_messages', v_level, true);
  end loop;
  return query
    select r.name, r.source, (v_sums -> r.name ->> 0)::bigint, (v_sums -> r.name ->> 1)::integer
    from tally.retentions r
    where v_sums ? r.name and r.name <> all (v_failed);
end
$function$;

comment on function tally.count_rules(text, interval) is
  'What a dry run of tally.clean_up does: counts what would go, and changes nothing.';

create or replace function tally.check_clean_up(which text, keep interval)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $function$
begin
  if keep < interval '0' then
    raise exception using errcode = 'TL034',
      message = format('keep is %s', keep),
      hint = 'It is how long rows are kept, such as interval ''90 days''.';
  end if;
  if which is not null
     and not exists (select from tally.retentions r where r.name = which) then
    raise exception using errcode = 'TL006',
      message = format('there is no retention "%s"', which),
      hint = 'select name from tally.retentions; lists them.';
  end if;
end
$function$;

comment on function tally.check_clean_up(text, interval) is
  'Raises what is wrong with a call of tally.clean_up.';

create or replace function tally.clean_up(
  name text default null, keep interval default null, dry_run boolean default false
)
returns table (name text, source regclass, rows bigint, partitions integer)
language sql
volatile
security definer  -- calls the functions of the rules, which run as the owners of their tables
set search_path = pg_catalog, pg_temp
as $function$
  select tally.check_clean_up($1, $2);
  select c.name, c.source, c.rows, c.partitions from tally.clean_up_rules($1, $2) c
  where not coalesce($3, false)
  union all
  select c.name, c.source, c.rows, c.partitions from tally.count_rules($1, $2) c
  where $3
  order by 1
$function$;

comment on function tally.clean_up(text, interval, boolean) is
  'Deletes the old rows of one rule of retention, or of all, and drops old partitions; what went. '
  'At most settings.clean_up_rows rows of each rule in a call: call it again until it is 0. keep: '
  'instead of the rule''s own. With dry_run it says what would go, in all, and changes nothing.';

create or replace function tally.clean_up_piece(name text)
returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_from timestamptz := clock_timestamp();
  v_rule tally.retentions;
  v_done record;
begin
  -- What the job of a rule does: a piece, and if that was not all the next one soon, after nine
  -- times as long as this one took. Writers hardly notice.
  select r.* into v_rule from tally.retentions r where r.name = clean_up_piece.name;
  if not found then
    raise exception using errcode = 'TL006',
      message = format('there is no retention "%s"', name),
      hint = 'Delete its row of tally.jobs.';
  end if;
  select c.* into v_done
  from tally.clean_up_rule(v_rule, null, true, (select s.clean_up_rows from tally.settings s)) c;
  if v_done.is_busy then
    return 'another session cleans up by it';
  end if;
  if v_done.is_more then
    update tally.jobs j set next_at = clock_timestamp() + 9 * (clock_timestamp() - v_from)
    where j.name = 'clean_up ' || clean_up_piece.name;
  end if;
  return format('%s rows, %s partitions%s', v_done.gone, v_done.partitions,
                case when v_done.is_more then '; more to come' else '' end);
end
$function$;

comment on function tally.clean_up_piece(text) is
  'The job of a rule of retention: deletes a piece of what is old, and asks for the next.';
