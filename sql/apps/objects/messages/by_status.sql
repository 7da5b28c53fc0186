create or replace function messages.by_status(p_counter text, p_prefix text) returns jsonb
  language plpgsql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_statuses constant text[] := array['sent', 'delivered', 'read', 'failed'];
  v_scopes constant text[] := array(select p_prefix || s from unnest(v_statuses) as s);
begin
  -- All four, those that never were too.
  return (
    select jsonb_object_agg(k.status, k.value) || jsonb_build_object('messages', sum(k.value))
    from unnest(
      v_statuses, accounts.numbers_of(array[p_counter], v_scopes)
    ) as k (status, value)
  );
end
$function$;

comment on function messages.by_status(text, text) is
  'Part of messages.stats_at: a counter''s scopes that begin so, one for each status, and their sum.';
