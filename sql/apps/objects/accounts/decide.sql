create or replace function accounts.decide(p_me uuid, p_user uuid, p_status text) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_before text;
begin
  -- Two admins at once: the second waits for the row, and then hears what the first has said. The
  -- server has no right on the table: this is the only way in.
  select u.status into v_before from accounts.users as u where u.id = p_user for no key update;
  if not found then
    raise exception using errcode = 'TA404', message = 'There is no such user.';
  end if;
  if v_before <> 'pending' then
    raise exception using errcode = 'TA409', message = format('This user is %s already.', v_before);
  end if;
  update accounts.users as u
  set status = p_status, decided_at = now(),
    -- An admin of another house has a token, but no row here.
    decided_by = (select a.id from accounts.users as a where a.id = p_me)
  where u.id = p_user;
  return json_build_object('id', p_user, 'status', p_status);
end
$function$;

comment on function accounts.decide(uuid, uuid, text) is
  'An admin lets a pending user in (approved) or turns him down (rejected).';
