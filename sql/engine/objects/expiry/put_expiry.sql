create or replace function tally.put_expiry(
  rule tally.expiries, due_columns name[], filter_columns name[], set_columns name[]
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_old   tally.expiries;
  v_index record;
begin
  -- Second half of tally.create_expiry, with the caller's rights and a pinned search_path.
  perform tally.check_isolation('tally.create_expiry');
  perform pg_advisory_xact_lock(hashtextextended('tally.expiry.' || rule.name, 0));
  select e.* into v_old from tally.expiries e where e.name = rule.name;
  if found
     and (v_old.source, v_old.due_sql, v_old.filter_sql, v_old.change_sql)
           is distinct from (rule.source, rule.due_sql, rule.filter_sql, rule.change_sql)
  then
    raise exception using errcode = 'TL002',
      message = format('expiry "%s" exists with another definition', rule.name),
      detail = format('on %s: due %s, filter %s, change %s', v_old.source, v_old.due_sql,
                      v_old.filter_sql, v_old.change_sql),
      hint = format('select tally.drop_expiry(%L); first, or take another name.', rule.name);
  end if;
  select f.key, f.predicate into v_index
  from tally.index_form(rule.name, rule.source, rule.due_sql, rule.filter_sql) f;
  perform tally.lock_source(rule.source, 'share row exclusive');
  if tally.serving_index(rule.source, v_index.key, v_index.predicate) is null then
    rule.made_index := tally.make_index(rule.name, rule.source, v_index.key, v_index.predicate);
  end if;
  perform tally.try_change(rule.name, rule.source, rule.due_sql, rule.filter_sql, rule.change_sql,
                           filter_columns, set_columns);
  insert into tally.expiries as e (name, source, due, filter, change, due_sql, filter_sql,
    change_sql, made_index, created_by)
  values (rule.name, rule.source, rule.due, rule.filter, rule.change, rule.due_sql,
    rule.filter_sql, rule.change_sql, rule.made_index, session_user)
  -- Again: whatever was wrong, it is tried as if it were new.
  on conflict on constraint expiries_pkey do update
    set stopped = false, error = null, attempts = 0, again_at = null,
        made_index = coalesce(excluded.made_index, e.made_index);
  delete from tally.expiry_failures f where f.expiry = rule.name;
  perform tally.build_expiry(rule.name, due_columns || filter_columns);
  perform pg_notify('tally_work', '');
end
$function$;

comment on function tally.put_expiry(tally.expiries, name[], name[], name[]) is
  'Records a checked rule of expiry and sees to its index, functions and trigger.';
