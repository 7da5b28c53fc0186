create or replace function leads.move_lead(
  p_me uuid, p_roles text[], p_lead bigint, p_status text
) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_lead leads.leads;
begin
  -- To where it is already is no move, and no mistake: a click came twice. The server has no right
  -- on the table: this is the only way in.
  if not 'admin' = any (p_roles) then
    perform leads.refuse_stranger(p_me);
  end if;
  select l.* into v_lead from leads.leads as l where l.id = p_lead for no key update;
  if not found or (v_lead.owner_id <> p_me and not 'admin' = any (p_roles)) then
    raise exception using errcode = 'TA404', message = 'You have no such lead.';
  end if;
  if v_lead.status = p_status then
    return leads.as_json(v_lead);
  end if;
  update leads.leads as l
  set status = p_status, moved_at = now()
  where l.id = p_lead
  returning * into v_lead;
  return leads.as_json(v_lead);
end
$function$;

comment on function leads.move_lead(uuid, text[], bigint, text) is
  'The owner or an admin moves a lead on. PATCH /v1/leads/{id}/status.';
