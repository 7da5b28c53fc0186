create or replace function leads.is_approved(p_user uuid) returns boolean
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
  select exists (select from accounts.users as u where u.id = p_user and u.status = 'approved')
$function$;

comment on function leads.is_approved(uuid) is 'Whether that is a user who was let in.';
