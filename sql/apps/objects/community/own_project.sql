create or replace function community.own_project(
  p_me uuid, p_roles text[], p_project bigint
) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_owner uuid;
begin
  if not 'admin' = any (p_roles) then
    perform community.refuse_stranger(p_me);
  end if;
  -- Locked until the transaction ends: two changes at once come one after the other.
  select p.owner_id into v_owner from community.projects as p
  where p.id = p_project for no key update;
  if not found then
    raise exception using errcode = 'TA404', message = 'There is no such project.';
  end if;
  if v_owner <> p_me and not 'admin' = any (p_roles) then
    raise exception using errcode = 'TA403', message = 'This project is somebody else''s.';
  end if;
end
$function$;

comment on function community.own_project(uuid, text[], bigint) is
  'Locks a project of the asker''s, or (for an admin) anybody''s; TA404 or TA403 otherwise.';
