create or replace function facilities.deliver(
  p_me uuid, p_roles text[], p_facility uuid, p_distribution bigint
) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_sent facilities.distributions;
begin
  -- Said by whom it is for, and once: of two at once the second waits for the row, and is told. The
  -- server has no right on the table: this is the only way in.
  perform facilities.admit(p_me, p_roles, p_facility);
  select s.* into v_sent from facilities.distributions as s
  where s.id = p_distribution and s.dispatched_to = p_facility
  for no key update;
  if not found then
    raise exception using errcode = 'TA404',
      message = 'There is no such distribution to this facility.';
  end if;
  if v_sent.delivered_at is not null then
    raise exception using errcode = 'TA409',
      message = format('This arrived already, at %s.', accounts.iso(v_sent.delivered_at));
  end if;
  update facilities.distributions as s
  -- Also where the clock was put back since it was sent.
  set delivered_at = greatest(clock_timestamp(), s.dispatched_at)
  where s.id = p_distribution
  returning s.* into v_sent;
  return facilities.as_json(v_sent);
end
$function$;

comment on function facilities.deliver(uuid, text[], uuid, bigint) is
  'Units have arrived. POST /api/facilities/{id}/distributions/{distributionId}/deliver.';
