create or replace function accounts.pending_users(p_after text) returns json
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan  -- planning takes longer than reading does
  set enable_seqscan = off  -- and the plan may not be made for tables that are still small
as $function$
begin
  -- 50 a page, by key. A cursor is the key itself, MICROS/ID: so the next page is the right one
  -- also where whom it names was let in, signed up again or is gone. The server has no right on the
  -- table.
  perform accounts.check_cursor(
    p_after, '^(-[0-9]{1,17}|[0-9]{1,18})/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
  );
  return (
    select json_build_object(
      'users', coalesce(json_agg(p.person order by p.signed_up_at, p.id), '[]'),
      'next', case when count(*) = 50 then
        (array_agg(accounts.micros(p.signed_up_at) || '/' || p.id order by p.signed_up_at, p.id))[50]
      end
    )
    from (
      select u.signed_up_at, u.id, json_build_object(
        'id', u.id, 'email', u.email, 'name', u.name, 'signedUpAt', accounts.iso(u.signed_up_at)
      ) as person
      from accounts.users as u
      where u.status = 'pending'
        and (u.signed_up_at, u.id) > (
          coalesce(accounts.from_micros(split_part(p_after, '/', 1)::bigint), '-infinity'),
          coalesce(split_part(p_after, '/', 2)::uuid, '00000000-0000-0000-0000-000000000000')
        )
      order by u.signed_up_at, u.id
      limit 50
    ) as p
  );
end
$function$;

comment on function accounts.pending_users(text) is
  'Who waits, longest first, 50 at a time. GET /admin/pending-users.';
