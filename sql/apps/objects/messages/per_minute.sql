create or replace function messages.per_minute(p_last timestamp) returns jsonb
  language plpgsql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_minutes constant timestamp[] := array(
    select p_last - interval '1 minute' * n from generate_series(59, 0, -1) as n
  );
  v_scopes constant text[] := array(select to_char(m, 'HH24:MI') from unnest(v_minutes) as m);
begin
  -- The counter's ring has a scope for each minute of a day. Should rows of another day still, or
  -- already, be there, because nobody cleaned up or somebody's clock is wrong, they are taken off.
  return (
    select jsonb_agg(m.value - coalesce(o.messages, 0) order by m.place)
    from unnest(
      v_scopes, accounts.numbers_of(array['messages_by_minute'], v_scopes)
    ) with ordinality as m (scope, value, place)
    left join (
      select to_char(n.minute at time zone 'UTC', 'HH24:MI') as scope, sum(n.messages) as messages
      from messages.minutes as n
      where n.minute <= (p_last - interval '1 day') at time zone 'UTC'
        or n.minute >= (v_minutes[1] + interval '1 day') at time zone 'UTC'
      group by 1
    ) as o on o.scope = m.scope
  );
end
$function$;

comment on function messages.per_minute(timestamp) is
  'Part of messages.stats_at: how many messages in each of 60 minutes, of which that is the last.';
