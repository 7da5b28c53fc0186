create or replace function accounts.sign_up(p_email text, p_name text) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_user accounts.users;
begin
  -- Who was rejected may try again. The server has no right on the table: this is the only way in.
  insert into accounts.users as u (email, name)
  values (lower(p_email), p_name)
  on conflict (email) do update
  set name = excluded.name, status = 'pending', signed_up_at = now(), decided_at = null,
    decided_by = null
  where u.status = 'rejected'
  returning * into v_user;
  if not found then
    raise exception using errcode = 'TA409',
      message = 'Somebody has signed up with this address already.';
  end if;
  return json_build_object('id', v_user.id, 'status', v_user.status);
end
$function$;

comment on function accounts.sign_up(text, text) is
  'Somebody new waits for approval. POST /auth/signup.';
