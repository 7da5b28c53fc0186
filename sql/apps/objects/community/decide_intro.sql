create or replace function community.decide_intro(
  p_me uuid, p_roles text[], p_intro bigint, p_status text
) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_intro community.intro_requests;
begin
  -- Two answers at once: the second waits for the row, and then hears what the first has said. The
  -- server has no right on the table: this is the only way in.
  if not 'admin' = any (p_roles) then
    perform community.refuse_stranger(p_me);
  end if;
  select r.* into v_intro from community.intro_requests as r
  where r.id = p_intro for no key update;
  if not found or (v_intro.investor_id <> p_me and not 'admin' = any (p_roles)) then
    raise exception using errcode = 'TA404', message = 'Nobody has asked you that.';
  end if;
  if v_intro.status <> 'pending' then
    raise exception using errcode = 'TA409',
      message = format('This request is %s already.', v_intro.status);
  end if;
  update community.intro_requests as r
  set status = p_status, decided_at = now()
  where r.id = p_intro
  returning * into v_intro;
  perform community.notify(
    v_intro.requester_id, (select u.id from accounts.users as u where u.id = p_me),
    'intro-' || p_status, '/api/prefetch/dashboard-data'
  );
  return community.intro_json(v_intro);
end
$function$;

comment on function community.decide_intro(uuid, text[], bigint, text) is
  'The investor (or an admin) accepts or declines. POST /api/intro-requests/{id}/accept, '
  '…/decline.';
