create or replace function tally.changed_topics(names text[], scopes text[], since bigint)
returns setof tally.topic_change
language plpgsql
stable  -- so that both its queries see the one snapshot of the statement that calls it
security definer  -- a server may not read totals by itself
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan  -- planning takes longer than reading does
set enable_seqscan = off  -- and the plan stays: it may not be made for tables that are still small
as $function$
declare
  v_pulse bigint := (select p.pulse from tally.pulses p order by p.pulse desc limit 1);
begin
  -- What pulses after that one announced of these keys. Totals alone: what is pending belongs to
  -- a pulse that is still to come.
  return query select 0, null::text, 0::bigint, v_pulse;
  return query
  select k.pos::integer,
         case when t.value between -9223372036854775808 and 9223372036854775807
              then t.value::bigint::text end,
         t.version, v_pulse
  from unnest(names, scopes) with ordinality k (name, scope, pos)
  cross join lateral (
    -- By name, one after another: a join reads all there are, and what state each is in.
    select x.counter, x.state from tally.topic_states x where x.name = k.name offset 0
  ) s
  cross join lateral (
    -- By itself, so that the index is entered by both: by the counter alone is a scan of it.
    select o.value, o.version from tally.totals o
    where o.counter = s.counter and o.scope = k.scope offset 0
  ) t
  where s.state = 'ready' and t.version > since
  union all
  select k.pos::integer, coalesce(d.body, 'null'), d.version, v_pulse
  from unnest(names, scopes) with ordinality k (name, scope, pos)
  join tally.summary_definitions s on s.name = k.name
  cross join lateral (
    select o.body, o.version from tally.documents o
    where o.summary = s.id and o.scope = k.scope offset 0
  ) d
  where d.version > since;
end
$function$;

comment on function tally.changed_topics(text[], text[], bigint) is
  'Those of the names and scopes that changed after a pulse, with their folded values or '
  'their documents (null: there is none any more); NULL for a number beyond bigint. The first row, '
  'pos 0, has the last pulse and stands there also when nothing changed.';
