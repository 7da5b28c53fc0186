create or replace function community.lock_chain(p_chain bigint) returns uuid
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_owner uuid;
begin
  -- It stays while something is put into it.
  select c.owner_id into v_owner from community.chains as c where c.id = p_chain for key share;
  if not found then
    raise exception using errcode = 'TA404', message = 'There is no such chain.';
  end if;
  return v_owner;
end
$function$;

comment on function community.lock_chain(bigint) is
  'A chain''s owner; TA404 where there is no such chain.';
