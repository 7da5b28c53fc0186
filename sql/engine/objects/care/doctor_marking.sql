create or replace function tally.doctor_watches()
returns table ("check" text, status text, detail text, remedy text)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_watch    record;
  v_hint     text;
  v_is_unfit boolean;
begin
  -- Each watch: can it be evaluated? Those that can are not mentioned.
  for v_watch in
    select w.*, s.name, c.oid is null as is_gone
    from tally.watches w
    join tally.summary_definitions s on s.id = w.summary
    left join pg_class c on c.oid = w.source
    order by s.name, w.source::text, w.id
  loop
    begin
      if v_watch.is_gone then
        raise exception 'the table (oid %) is gone', v_watch.source::oid;
      end if;
      v_is_unfit := true;
      perform tally.check_source(v_watch.source);
      v_is_unfit := false;
      perform tally.check_watching(v_watch.id);
    exception when others or assert_failure then
      get stacked diagnostics v_hint = pg_exception_hint;
      "check" := format('watch of %s by %s', v_watch.source, v_watch.name);
      status := 'fail';
      detail := sqlerrm || case
        when v_watch.is_gone then ''
        when v_is_unfit then '; until that is undone a write may make nothing due'
        else '; until then each write there makes every document of the summary due' end;
      remedy := case
        when v_watch.is_gone then ''
        when v_is_unfit then rtrim(v_hint, '.;') || '; or '
        else 'Put back what it uses; or ' end
        || format('select tally.unwatch(%L, %s);', v_watch.name,
                  case when v_watch.is_gone then v_watch.source::oid::text
                       else quote_literal(v_watch.source) end)
        || case when v_watch.is_gone or v_is_unfit then '' else ' and watch it as it is now.' end;
      return next;
    end;
  end loop;
end
$function$;

comment on function tally.doctor_watches() is
  'Part of tally.doctor: the watches that cannot be evaluated.';

create or replace function tally.doctor_marking()
returns table ("check" text, status text, detail text, remedy text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- What waits; and as tally.doctor_triggers for counting triggers.
  select 'pending marks',
         case when m.n <= 10000 then 'ok' when m.n <= 100000 then 'warn' else 'fail' end,
         case when m.n > 100000 then 'more than 100000' else m.n::text end,
         case when m.n > 10000 then
           'Nobody works: start a server, or call tally.tick(); from cron.' end
  from (select count(*) as n from (select from tally.pending_marks limit 100001) p) m
  union all
  select format('marking triggers on %s', t.relation), t.status, t.detail,
         coalesce(t.attach, t.enable || ' then select tally.refresh();')
  from tally.trigger_states('mark') t
  union all
  select format('marking functions of %s', s.source), 'fail',
         'missing, edited, or written by another version of pgtally',
         format('As its owner: select * from tally.attach(%L);', s.source)
  from tally.watched s
  join pg_class c on c.oid = s.source
  where not tally.functions_stand(s.source, 'mark') or not tally.look_stands(s.source)
  union all
  select format('trigger %s on %s', t.name, t.relation), 'fail',
         format('%s is not part of any watched table', t.relation),
         'As its owner: select * from tally.attach();'
  from tally.stray_triggers() t
  where t.kind = 'mark'
$function$;

comment on function tally.doctor_marking() is
  'Part of tally.doctor: the marks that wait, and the marking triggers.';
