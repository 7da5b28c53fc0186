create or replace function community.project(p_project bigint, p_after bigint) returns jsonb
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan  -- planning takes longer than reading does
  set enable_seqscan = off  -- and the plan may not be made for tables that are still small
as $function$
begin
  -- Every number as it stands now. The server has no right on the table.
  return (
    select (community.cards(array[p.id]) -> 0)::jsonb || jsonb_build_object(
      'description', p.description, 'changedAt', accounts.iso(p.changed_at),
      'remarks', coalesce((
        select jsonb_agg(jsonb_build_object(
          'id', c.id, 'author', jsonb_build_object('id', u.id, 'name', u.name), 'body', c.body,
          'createdAt', accounts.iso(c.created_at)
        ) order by c.id desc)
        from (
          select o.* from community.comments as o
          where o.project_id = p.id and o.id < coalesce(p_after, 9223372036854775807)
          order by o.id desc
          limit 20
        ) as c
        join accounts.users as u on u.id = c.author_id
      ), '[]')
    )
    from community.projects as p
    where p.id = p_project
  );
end
$function$;

comment on function community.project(bigint, bigint) is
  'A project with its newest comments, or those before one of them. GET /api/projects/{id}.';
