create or replace function accounts.pending_users(p_after uuid) returns jsonb
  language sql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
  -- 50 a page, by key: after the one that the page before ended with. The server has no right on the
  -- table.
  select jsonb_build_object('users', coalesce(jsonb_agg(p.person order by p.signed_up_at, p.id), '[]'))
  from (
    select u.signed_up_at, u.id, jsonb_build_object(
      'id', u.id, 'email', u.email, 'name', u.name, 'signedUpAt', accounts.iso(u.signed_up_at)
    ) as person
    from accounts.users as u
    where u.status = 'pending'
      and (p_after is null or (u.signed_up_at, u.id) > (
        select a.signed_up_at, a.id from accounts.users as a where a.id = p_after
      ))
    order by u.signed_up_at, u.id
    limit 50
  ) as p
$function$;

comment on function accounts.pending_users(uuid) is
  'Who waits, longest first, 50 at a time. GET /admin/pending-users.';
