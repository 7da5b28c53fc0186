-- No pinned search_path: age and filter are read with the caller's. Everything of ours is
-- qualified. Runs with the caller's rights, who must own the source.

create or replace function tally.create_retention(
  name    text,
  source  pg_catalog.regclass,
  age     text,
  keep    interval,
  filter  text default null,
  on_drop text default 'subtract'
)
returns void
language plpgsql
as $function$
declare
  v_rule tally.retentions;
begin
  -- Declares that rows are thrown away when they are older than keep: by tally.clean_up, which a
  -- job of that name calls.
  perform tally.check_rule('retention', name, source);
  v_rule.name := name;
  v_rule.source := source;
  v_rule.age := age;
  v_rule.keep := keep;
  v_rule.filter := filter;
  v_rule.on_drop := on_drop;
  v_rule.age_sql := (tally.compile_rule('retention', name, 'age', source, age)).sql_text;
  v_rule.filter_sql := case when filter is null then 'true'
    else (tally.compile_rule('retention', name, 'filter', source, filter)).sql_text end;
  perform tally.put_retention(v_rule);
end
$function$;

comment on function tally.create_retention(
  text, pg_catalog.regclass, text, interval, text, text) is
  'Rows whose age (a time, over their columns) is longer ago than keep are deleted, those that '
  'match filter; old partitions are dropped whole. on_drop: whether counters then keep what a '
  'partition held. Again with the same words mends it. tally.drop_retention undoes it.';
