create or replace function community.put_in_chain(
  p_me uuid, p_roles text[], p_chain bigint, p_project bigint, p_wanted boolean
) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_chain_owner uuid;
  v_owner uuid;
begin
  -- Whose chain it is decides, and whose project it is. The server has no right on the table: this
  -- is the only way in.
  if not 'admin' = any (p_roles) then
    perform community.refuse_stranger(p_me);
  end if;
  v_chain_owner := community.lock_chain(p_chain);
  select p.owner_id into v_owner from community.projects as p where p.id = p_project for key share;
  if not found then
    raise exception using errcode = 'TA404', message = 'There is no such project.';
  end if;
  if p_me not in (v_chain_owner, v_owner) and not 'admin' = any (p_roles) then
    raise exception using errcode = 'TA403',
      message = 'Neither the chain nor the project is yours.';
  end if;
  if p_wanted then
    insert into community.chain_projects (chain_id, project_id)
    values (p_chain, p_project)
    on conflict do nothing;
  else
    delete from community.chain_projects as m
    where m.chain_id = p_chain and m.project_id = p_project;
  end if;
  return community.chain_cards(array[p_chain]) -> 0;
end
$function$;

comment on function community.put_in_chain(uuid, text[], bigint, bigint, boolean) is
  'A project joins a chain, or leaves it. PUT and DELETE /api/chains/{id}/projects/{projectId}.';
