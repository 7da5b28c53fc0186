create or replace function tally.doctor()
returns table ("check" text, status text, detail text, remedy text)
language plpgsql
security definer  -- looks at what is pending and at every source
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- One row for each thing looked at; status is ok, warn or fail. Writes nothing.
  return query select * from tally.doctor_server();
  return query select * from tally.doctor_clock();
  return query select * from tally.doctor_counters();
  return query select * from tally.doctor_triggers();
  return query select * from tally.doctor_pulse();
  return query select * from tally.doctor_expiry();
  return query select * from tally.doctor_jobs();
  return query select * from tally.doctor_summaries();
  return query select * from tally.doctor_watches();
  return query select * from tally.doctor_marking();
end
$function$;

comment on function tally.doctor() is
  'Looks whether all is well, and says what to do where it is not.';
