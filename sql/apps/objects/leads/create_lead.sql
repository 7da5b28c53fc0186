create or replace function leads.create_lead(
  p_me uuid, p_roles text[], p_owner uuid, p_name text, p_email text
) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_owner uuid := coalesce(p_owner, p_me);
  v_lead leads.leads;
begin
  -- The server has no right on the table: this is the only way in.
  if v_owner <> p_me and not 'admin' = any (p_roles) then
    raise exception using errcode = 'TA403',
      message = 'Only an admin may give a lead to somebody else.';
  end if;
  if not 'admin' = any (p_roles) then
    perform leads.refuse_stranger(p_me);
  elsif not leads.is_approved(v_owner) then
    -- An admin need not be a user himself, and then owns no lead either.
    raise exception using errcode = 'TA400', column = 'ownerId',
      message = format('%s is no approved user.', v_owner), detail = 'is no approved user';
  end if;
  insert into leads.leads (owner_id, name, email)
  values (v_owner, p_name, p_email)
  returning * into v_lead;
  return leads.as_json(v_lead);
end
$function$;

comment on function leads.create_lead(uuid, text[], uuid, text, text) is
  'A new lead, of the asker or of whom an admin names. POST /leads.';
