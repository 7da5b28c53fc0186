create or replace function tally.check_readable(name text)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_counter record;
begin
  perform tally.check_name(check_readable.name);
  select c.state, c.error, c.source into v_counter
  from tally.counter_definitions c where c.name = check_readable.name;
  if v_counter.state = 'source gone' then
    perform tally.lock_rows(check_readable.name, v_counter.source);
  elsif v_counter.state <> 'filled' then
    raise exception using errcode = 'TL015',
      message = format('counter "%s" shows no number: %s', check_readable.name, v_counter.state),
      detail = coalesce(v_counter.error, 'Its rows are yet to be counted.'),
      hint = format('select tally.fill(%L); counts it now, and says what is in the way.',
                    check_readable.name);
  end if;
end
$function$;

comment on function tally.check_readable(text) is
  'Raises TL006 for an unknown counter, TL012 for one whose source is gone and TL015 for one that '
  'shows no number.';
