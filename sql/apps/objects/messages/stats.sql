create or replace function messages.stats(scope text) returns jsonb
  language sql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
  -- By the clock, not by the transaction, which may have begun in another minute. The server has
  -- no right on the tables.
  select messages.stats_at(clock_timestamp())
$function$;

comment on function messages.stats(text) is
  'The statistics now; scope is '''', there is one. GET /api/admin/stats, and summary message_stats.';

-- Fifty builds a second at most, however many messages come, and a change waits no longer than that
-- for others to join it. max_age is for the case that the job "message stats", which builds it when
-- a minute begins, is late.
select tally.create_summary(
  'message_stats', 'messages.stats',
  max_age => '1 minute', settle => '20 milliseconds', audience => 'role:admin'
);
select tally.watch('message_stats', 'messages.messages');
