create or replace function community.admin_part() returns json
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
  with numbers as materialized (
    select community.counts(
      array['community_feedback_pending', 'community_members', 'community_projects',
            'community_chains', 'community_investors', 'pending_users'],
      array['']
    ) as n, community.counts(
      array['community_intros'], array['pending', 'accepted', 'declined']
    ) -> 'community_intros' as i
  )
  select json_build_object(
    'pendingFeedback', n #> array['community_feedback_pending', ''],
    'pendingUsers', n #> array['pending_users', ''],
    'intros', i,
    'totals', json_build_object(
      'members', n #> array['community_members', ''],
      'projects', n #> array['community_projects', ''],
      'chains', n #> array['community_chains', ''],
      'investors', n #> array['community_investors', '']
    ),
    'feedback', coalesce((
      select json_agg(json_build_object(
        'id', f.id, 'author', community.person(f.author_id), 'body', f.body,
        'createdAt', accounts.iso(f.created_at)
      ) order by f.id)
      from (
        select o.* from community.feedback as o where o.status = 'pending' order by o.id limit 20
      ) as f
    ), '[]'),
    'pendingIntros', coalesce((
      select json_agg(community.intro_json(r.intro) order by (r.intro).id)
      from (
        select o as intro from community.intro_requests as o
        where o.status = 'pending' order by o.id limit 20
      ) as r
    ), '[]')
  )
  from numbers
$function$;

comment on function community.admin_part() is
  'What admins see: what waits for them, and how much there is of everything.';
