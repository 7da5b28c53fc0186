create or replace function tally.next_expiry(past timestamptz)
returns timestamptz
language plpgsql
security definer  -- calls the functions of the rules, which run as the owners of their tables
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_rule  record;
  v_due   timestamptz;
  v_least timestamptz;
begin
  -- The first of all rules. past: what was due by then has been looked at, and what is left of it
  -- is locked by somebody; it must not hide the row that falls due next.
  for v_rule in
    select e.name, e.source,
           -- One that is further off was set before the clock was put back.
           e.again_at > clock_timestamp()
             and e.again_at < clock_timestamp() + interval '10 minutes' as waits,
           e.again_at,
           (select min(f.again_at) from tally.expiry_failures f
            where f.expiry = e.name and f.again_at > next_expiry.past) as failed_until
    from tally.expiries e
    where not e.stopped
  loop
    if v_rule.waits then
      v_least := least(v_least, v_rule.again_at);
      continue;
    end if;
    begin
      execute format('select tally.%I($1, $2)', tally.rule_function('next_expiry', v_rule.name))
        into v_due using tally.rule_source(v_rule.source), past;
    exception when others or assert_failure then
      -- Whatever it is, the next batch meets it too, and records it.
      v_due := clock_timestamp();
    end;
    v_least := least(v_least, v_due, v_rule.failed_until);
  end loop;
  -- What is due at infinity never is; at -infinity, now.
  return case v_least when 'infinity' then null when '-infinity' then clock_timestamp()
                      else v_least end;
end
$function$;

comment on function tally.next_expiry(timestamptz) is
  'For tally.work: when the next row falls due after that time, or is tried again.';

create or replace function tally.next_due()
returns timestamptz
language sql
volatile
security definer  -- a server may ask, and may not read the rules by itself
set search_path = pg_catalog, pg_temp
as $function$
  select tally.next_expiry('-infinity')
$function$;

comment on function tally.next_due() is
  'When the next row falls due, by index; in the past where rows wait to be changed; NULL when '
  'none will.';
