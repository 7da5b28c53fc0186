create or replace function tally.note_build(
  summary bigint, scope text, took_ms real, outcome text
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- For whoever looks for the slowest. Quick ones would only cost.
  if took_ms < 10 and outcome <> 'failed' then
    return;
  end if;
  insert into tally.builds (summary, scope, build_ms, outcome)
  values (note_build.summary, note_build.scope, took_ms, note_build.outcome);
  if random() < 0.01 then
    delete from tally.builds b
    where b.ctid in (
      select o.ctid from tally.builds o
      where o.built_at < (select l.built_at from tally.builds l
                          order by l.built_at desc offset 10000 limit 1)
      for update skip locked);
  end if;
end
$function$;

comment on function tally.note_build(bigint, text, real, text) is
  'Keeps a build that took 10 ms or more, or failed, for tally.build_history.';
