create or replace function messages.stats_at(p_at timestamptz) returns jsonb
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan  -- planning would take longer than reading
  set enable_seqscan = off  -- and the plan may not be made for tables that are still small
as $function$
declare
  v_minute timestamp := date_trunc('minute', p_at at time zone 'UTC');
begin
  -- Nothing is counted here: some eighty counters are looked up, each by its key, and the accounts
  -- in their order. Exact in the snapshot of whoever calls. The server has no right on the tables.
  -- Nobody could tell a list of accounts that cannot be read from one without any.
  perform accounts.numbers_of(array['messages_by_account'], array['']);
  return jsonb_build_object(
    'total', messages.by_status('messages_by_status', ''),
    'today', messages.by_status('messages_by_day', to_char(v_minute, 'YYYY-MM-DD') || '/'),
    'thisHour', messages.by_status('messages_by_hour', to_char(v_minute, 'YYYY-MM-DD"T"HH24') || '/'),
    'accounts', (
      select coalesce(jsonb_agg(
        jsonb_build_object('accountId', t.scope, 'messages', t.value) order by t.rank), '[]')
      from tally.top('messages_by_account', 50) as t
      where t.value > 0
    ),
    'lastHour', jsonb_build_object(
      'from', accounts.iso((v_minute - interval '59 minutes') at time zone 'UTC'),
      'perMinute', messages.per_minute(v_minute)
    )
  );
end
$function$;

comment on function messages.stats_at(timestamptz) is
  'The statistics as of that time: its day and hour, in UTC, and the 60 minutes up to its own.';
