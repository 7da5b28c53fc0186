create or replace function tally.trigger_states(kind text)
returns table (relation regclass, status text, detail text, attach text, enable text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- Each table that must carry triggers of a kind: are they there, and enabled? attach and enable
  -- are what mends it, and NULL where nothing is to be done.
  select e.relation,
         case when bool_or(e.tgenabled is null or e.tgenabled in ('D', 'R')) then 'fail'
              else 'ok' end,
         case when bool_or(e.tgenabled is null or e.tgenabled in ('D', 'R'))
              then concat_ws('; ',
                'missing: ' || string_agg(e.name, ', ' order by e.name)
                  filter (where e.tgenabled is null),
                'disabled: ' || string_agg(e.name, ', ' order by e.name)
                  filter (where e.tgenabled in ('D', 'R')))
              else format('%s in place', count(*)) end,
         case when bool_or(e.tgenabled is null)
              then format('As its owner: select * from tally.attach(%L);', t.source) end,
         format('alter table %s ', e.relation)
           || string_agg('enable trigger ' || e.name, ', ' order by e.name)
                filter (where e.tgenabled in ('D', 'R')) || ';'
  from tally.triggered_tables t
  join pg_class c on c.oid = t.source
  cross join lateral tally.expected_triggers(t.source, t.kind) e
  where t.kind = trigger_states.kind
  group by t.source, e.relation
$function$;

comment on function tally.trigger_states(text) is
  'Part of tally.doctor: whether counting or marking triggers are in place, and what puts them '
  'there.';
