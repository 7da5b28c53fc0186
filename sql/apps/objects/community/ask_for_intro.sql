create or replace function community.ask_for_intro(
  p_me uuid, p_investor uuid, p_project bigint, p_message text
) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_intro community.intro_requests;
begin
  -- One at a time to the same investor: a unique index decides. The server has no right on the
  -- table: this is the only way in.
  perform community.refuse_stranger(p_me);
  if p_investor = p_me then
    raise exception using errcode = 'TA400', column = 'investorId', message = 'is you';
  end if;
  perform from community.investors as i where i.id = p_investor and i.listed for key share;
  if not found then
    raise exception using errcode = 'TA404', message = 'There is no such investor.';
  end if;
  if p_project is not null then
    perform from community.projects as p
    where p.id = p_project and p.owner_id = p_me for key share;
    if not found then
      raise exception using errcode = 'TA404', message = 'You have no such project.';
    end if;
  end if;
  insert into community.intro_requests (requester_id, investor_id, project_id, message)
  values (p_me, p_investor, p_project, p_message)
  on conflict (requester_id, investor_id) where status = 'pending' do nothing
  returning * into v_intro;
  if not found then
    raise exception using errcode = 'TA409',
      message = 'You have asked this investor already, who has not answered yet.';
  end if;
  perform community.notify(i.user_id, p_me, 'intro-request', '/api/prefetch/dashboard-data')
  from community.investors as i
  where i.id = p_investor and i.user_id is not null;
  return community.intro_json(v_intro);
end
$function$;

comment on function community.ask_for_intro(uuid, uuid, bigint, text) is
  'Somebody asks an investor to meet. POST /api/intro-requests.';
