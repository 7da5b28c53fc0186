create or replace function community.refuse_stranger(p_user uuid) returns void
  language plpgsql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- Who is not let in reads what everybody reads, and writes nothing.
  if not exists (
    select from accounts.users as u where u.id = p_user and u.status = 'approved'
  ) then
    raise exception using errcode = 'TA403', message = format('%s is no approved user.', p_user);
  end if;
end
$function$;

comment on function community.refuse_stranger(uuid) is
  'TA403 unless that is an approved user.';
