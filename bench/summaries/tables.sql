create table public.scores (
  id     bigint generated always as identity primary key,
  league integer not null,
  player text not null,
  points integer not null
);
create index on public.scores (league);

-- The same rows, watched by nobody.
create table public.unwatched (like public.scores including all);

create function public.board(scope text) returns jsonb language sql stable as $$
  select jsonb_agg(jsonb_build_object('player', s.player, 'points', s.points)
                   order by s.points desc, s.player)
  from public.scores s
  where s.league = scope::integer
$$;

select tally.create_summary('board', 'public.board', settle => '0');
select tally.watch('board', 'public.scores', 'league');
select tally.create_counter('players', 'public.unwatched', scope => 'league');
