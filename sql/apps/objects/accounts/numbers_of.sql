create or replace function accounts.numbers_of(p_names text[], p_scopes text[]) returns bigint[]
  language plpgsql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_values constant bigint[] := tally.values_of(p_names, p_scopes);
  v_states text[];
  v_names text[];
begin
  -- A counter that is being filled, or is broken, has no number: to show zero for it, or a board
  -- without entries, would be wrong. Whoever raises in a builder keeps the last document, and is
  -- tried again. What is in its way is only looked up where something is.
  if array_position(v_values, null) is not null then
    select array_agg(distinct t.state), array_agg(distinct n.name order by n.name)
    into v_states, v_names
    from unnest(v_values) with ordinality as v (value, pos)
    join unnest(p_names) with ordinality as n (name, pos)
      on n.pos = (v.pos - 1) / cardinality(p_scopes) + 1
    left join tally.topic_states as t on t.name = n.name and t.kind = 'counter'
    where v.value is null;
    raise exception using errcode = 'TA503',
      message = format('Cannot be counted now: %s.', array_to_string(v_names, ', ')),
      -- For the server: which of its problems it is, and of which topics.
      column = case when v_states = '{filling}' then 'filling' else 'broken' end,
      detail = array_to_string(v_names, ', '),
      hint = 'select name, state, error from tally.counter_definitions where state <> ''filled''; '
             'and select * from tally.doctor(); tell why.';
  end if;
  return v_values;
end
$function$;

comment on function accounts.numbers_of(text[], text[]) is
  'tally.values_of, but TA503 where one of them cannot be shown now. The scope '''' alone is enough '
  'to hear whether counters can be read, whatever their scopes are.';
