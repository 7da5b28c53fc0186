create or replace function tally.clean_up_rules(which text, keep interval, dry_run boolean)
returns table (name text, source regclass, rows bigint, partitions integer)
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_rule    tally.retentions;
  v_done    record;
  v_dropped integer := 0;
begin
  -- For one rule by name an error is raised; for all of them it is a warning, and the others go on.
  if not coalesce(dry_run, false) then
    perform tally.check_isolation('tally.clean_up');
  end if;
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
  for v_rule in
    select r.* from tally.retentions r where which is null or r.name = which order by r.name
  loop
    begin
      select c.* into v_done
      from tally.clean_up_rule(v_rule, keep, coalesce(dry_run, false), v_dropped = 0,
                               (select s.clean_up_rows from tally.settings s)) c;
      v_dropped := v_dropped + v_done.partitions;
    exception when others or assert_failure then
      if which is not null then
        raise;
      end if;
      raise warning using errcode = 'TL038',
        message = format('retention "%s" failed: %s', v_rule.name, sqlerrm);
      continue;
    end;
    if v_done.is_more then
      raise notice 'retention "%": there may be more: call it again', v_rule.name;
    end if;
    name := v_rule.name;
    source := v_rule.source;
    rows := v_done.gone;
    partitions := v_done.partitions;
    return next;
  end loop;
end
$function$;

comment on function tally.clean_up_rules(text, interval, boolean) is
  'What tally.clean_up does. PL/pgSQL lets no parameter and result column share the name "name".';

create or replace function tally.clean_up(
  name text default null, keep interval default null, dry_run boolean default false
)
returns table (name text, source regclass, rows bigint, partitions integer)
language sql
volatile
security definer  -- calls the functions of the rules, which run as the owners of their tables
set search_path = pg_catalog, pg_temp
as $function$
  select c.name, c.source, c.rows, c.partitions from tally.clean_up_rules($1, $2, $3) c
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
  from tally.clean_up_rule(v_rule, null, false, true,
                           (select s.clean_up_rows from tally.settings s)) c;
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
