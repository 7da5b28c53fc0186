create or replace function tally.check_retention(rule tally.retentions)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_type regtype;
  v_key  record;
begin
  if rule.keep is null or rule.keep < interval '0' then
    raise exception using errcode = 'TL034',
      message = format('retention "%s": keep is %s', rule.name, coalesce(rule.keep::text, 'null')),
      hint = 'It is how long rows are kept, such as interval ''90 days''.';
  end if;
  if rule.on_drop is null or rule.on_drop not in ('keep', 'subtract') then
    raise exception using errcode = 'TL034',
      message = format('retention "%s": on_drop is %s', rule.name,
                       coalesce(quote_literal(rule.on_drop), 'null')),
      hint = 'It is subtract, or keep: counters keep what a dropped partition had counted.';
  end if;
  v_type := tally.expression_type(rule.source, rule.age_sql);
  if v_type not in ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype) then
    raise exception using errcode = 'TL031',
      message = format('retention "%s": its age is of type %s, not a time', rule.name, v_type),
      detail = format('age: %s', rule.age),
      hint = 'Give a timestamptz, or a timestamp or date, which are taken in UTC.';
  end if;
  for v_key in select r.* from tally.references_to(rule.source) r loop
    if v_key.child = rule.source and v_key.action in ('a', 'r') then
      raise exception using errcode = 'TL035',
        message = format('retention "%s": rows of %s refer to each other (foreign key %s)',
                         rule.name, rule.source, v_key.name),
        hint = 'A row goes only after those that refer to it, which a rule cannot know. Say in the '
               'foreign key what becomes of them: on delete cascade, or on delete set null.';
    end if;
    raise notice using
      message = format(case when v_key.action in ('a', 'r')
        then 'retention "%s": rows that %s still refers to stay (foreign key %s)'
        when v_key.action = 'c'
        then 'retention "%s": rows of %s that refer to what goes, go too (foreign key %s)'
        else 'retention "%s": rows of %s that refer to what goes lose their reference '
             '(foreign key %s)' end, rule.name, v_key.child, v_key.name);
  end loop;
end
$function$;

comment on function tally.check_retention(tally.retentions) is
  'Raises what is wrong with a retention, and says what it will do to tables that refer to its '
  'own.';

create or replace function tally.put_retention(rule tally.retentions)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_old tally.retentions;
begin
  -- Second half of tally.create_retention, with the caller's rights and a pinned search_path.
  perform tally.check_isolation('tally.create_retention');
  perform pg_advisory_xact_lock(hashtextextended('tally.retention.' || rule.name, 0));
  perform tally.check_retention(rule);
  select r.* into v_old from tally.retentions r where r.name = rule.name;
  if found
     and (v_old.source, v_old.age_sql, v_old.filter_sql, v_old.keep, v_old.on_drop)
           is distinct from (rule.source, rule.age_sql, rule.filter_sql, rule.keep, rule.on_drop)
  then
    raise exception using errcode = 'TL002',
      message = format('retention "%s" exists with another definition', rule.name),
      detail = format('on %s: age %s, keep %s, filter %s, on_drop %s', v_old.source, v_old.age_sql,
                      v_old.keep, v_old.filter_sql, v_old.on_drop),
      hint = format('select tally.drop_retention(%L); first, or take another name.', rule.name);
  end if;
  insert into tally.retentions (name, source, age, keep, filter, on_drop, age_sql, filter_sql,
                                created_by)
  values (rule.name, rule.source, rule.age, rule.keep, rule.filter, rule.on_drop, rule.age_sql,
          rule.filter_sql, session_user)
  on conflict on constraint retentions_pkey do nothing;
  perform tally.build_retention(rule.name);
  -- As it will run: what is missing, a right on a table that refers to it, is missed now.
  execute format('select from tally.%I($1, ''-infinity'', null, false, null, null, ''{}'')',
                 tally.rule_function('run_retention', rule.name)) using rule.source;
  insert into tally.jobs (name, command, every, next_at)
  values ('clean_up ' || rule.name, format('select tally.clean_up_piece(%L)', rule.name), '1 hour',
          clock_timestamp() + interval '1 hour')
  on conflict on constraint jobs_pkey do nothing;
end
$function$;

comment on function tally.put_retention(tally.retentions) is
  'Records a checked rule of retention, its functions and its job.';
