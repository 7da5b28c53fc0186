create or replace function leads.refuse_stranger(p_user uuid) returns void
  language plpgsql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- A lead of somebody who is not let in would be nobody's work.
  if not leads.is_approved(p_user) then
    raise exception using errcode = 'TA403',
      message = format('%s is no approved user.', p_user);
  end if;
end
$function$;

comment on function leads.refuse_stranger(uuid) is 'TA403 unless that is an approved user.';
