create or replace function tally.put_summary(
  name text, builder regproc, max_age interval, settle interval, audience text, schemas name[]
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_id      bigint := tally.counter_id(put_summary.name);
  v_old     tally.summary_definitions;
  v_builder text;
  v_path    text := concat_ws(', ', (select string_agg(quote_ident(s.name), ', ' order by s.place)
                                     from unnest(schemas) with ordinality s (name, place)
                                     where s.name <> 'pg_catalog'), 'pg_temp');
begin
  -- Second half of tally.create_summary, with the caller's rights and a pinned search_path.
  perform tally.check_isolation('tally.create_summary');
  perform tally.lock_summary(v_id, put_summary.name);
  select format('%I.%I', n.nspname, p.proname) into v_builder
  from pg_proc p
  join pg_namespace n on n.oid = p.pronamespace
  where p.oid = put_summary.builder;
  if exists (select from tally.definitions d where d.name = put_summary.name) then
    raise exception using errcode = 'TL002',
      message = format('the name "%s" belongs to a counter', put_summary.name),
      hint = 'Counters and summaries are topics: take another name.';
  end if;
  select s.* into v_old from tally.summary_definitions s where s.id = v_id;
  if found then
    if (v_old.builder, v_old.max_age, v_old.settle, v_old.audience)
         is distinct from (v_builder, put_summary.max_age, put_summary.settle,
                           put_summary.audience) then
      raise exception using errcode = 'TL002',
        message = format('summary "%s" exists with another definition', v_old.name),
        detail = tally.summary_difference(v_old, v_builder, max_age, settle, audience),
        hint = format('select tally.drop_summary(%L); first, or take another name.', v_old.name);
    end if;
    -- The builder may have been dropped meanwhile, and made anew by somebody else.
    if not tally.builder_stands(v_old) then
      perform tally.make_builder(v_old.function, v_builder, v_path);
    end if;
    return;
  end if;
  perform tally.make_builder(tally.builder_name(name), v_builder, v_path);
  insert into tally.summary_definitions
    (id, name, builder, function, max_age, settle, audience, created_by)
  values (v_id, put_summary.name, v_builder, tally.builder_name(name), put_summary.max_age,
          put_summary.settle, put_summary.audience, session_user);
  perform pg_notify('tally_definitions', '');
end
$function$;

comment on function tally.put_summary(text, regproc, interval, interval, text, name[]) is
  'Records the checked declaration of a summary.';
