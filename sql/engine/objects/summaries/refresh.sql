create or replace function tally.refresh(name text default null, scope text default null)
returns integer
language plpgsql
security definer  -- so that documents are written by tally_owner alone
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_definition tally.summary_definitions;
  v_look       record;
  v_scope      text;
  v_outcome    text;
  v_since      timestamptz;
  v_built      integer := 0;
begin
  -- Many documents under one lock of their summary: a lock for each would be too many. One that
  -- fails is recorded and named in a warning, and the others are built all the same.
  perform tally.check_isolation('tally.refresh');
  if refresh.scope is not null then
    return tally.refresh_one(refresh.name, refresh.scope);
  elsif refresh.name is not null then
    perform tally.find_summary(refresh.name);
  end if;
  for v_definition in
    select s.* from tally.summary_definitions s
    where refresh.name is null or s.name = refresh.name
    order by s.name
  loop
    perform tally.lock_summary(v_definition.id, v_definition.name);
    v_look := tally.look_through(v_definition.id, null, null);
    if v_look.error is not null then
      raise warning using errcode = 'TL021',
        message = format('what summary "%s" watches could not all be looked through: %s',
                         v_definition.name, v_look.error),
        hint = 'select * from tally.doctor(); a scope that has no document may be left out.';
    end if;
    for v_scope in
      select d.scope from tally.documents d where d.summary = v_definition.id
      union
      select s collate "C" from unnest(v_look.scopes) s
      union
      select '' from tally.watches w where w.summary = v_definition.id and w.scope is null
      order by 1
    loop
      v_since := tally.forget_due(v_definition.id, v_scope);
      v_outcome := (select b.outcome
                    from tally.build_here(v_definition, v_scope, true, v_since) b);
      if v_outcome = 'canceled' then
        raise exception using errcode = 'query_canceled',
          message = 'canceling tally.refresh: nothing of it is kept';
      end if;
      v_built := v_built + case when v_outcome = 'failed' then 0 else 1 end;
    end loop;
  end loop;
  return v_built;
end
$function$;

comment on function tally.refresh(text, text) is
  'Builds now: one document; all that a summary has, and those of the scopes in the rows that it '
  'watches; or without a name those of all. How many.';

create or replace function tally.refresh_one(name text, scope text)
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_definition tally.summary_definitions := tally.find_summary(refresh_one.name);
  v_built      record;
begin
  perform tally.check_scope(refresh_one.name, refresh_one.scope);
  perform pg_advisory_xact_lock_shared(v_definition.id);
  perform pg_advisory_xact_lock(tally.document_key(v_definition.id, refresh_one.scope));
  perform tally.find_summary(refresh_one.name);  -- it may be dropped by now
  v_built := tally.build_here(v_definition, refresh_one.scope, false, null);
  if v_built.error is not null then
    raise exception using
      errcode = case v_built.outcome when 'canceled' then '57014' else 'TL021' end,
      message = format('summary "%s" could not be built for scope "%s": %s', v_definition.name,
                       refresh_one.scope, v_built.error),
      hint = format('Its builder %s raised that. Mend it, or what it reads.', v_definition.builder);
  end if;
  return 1;
end
$function$;

comment on function tally.refresh_one(text, text) is 'Part of tally.refresh: one document.';

create or replace function tally.warm(name text, scopes text[])
returns integer
language plpgsql
security definer  -- so that documents are written by tally_owner alone
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_definition tally.summary_definitions := tally.find_summary(warm.name);
  v_scope      text;
  v_document   tally.documents;
  v_since      timestamptz;
  v_built      integer := 0;
begin
  perform tally.check_isolation('tally.warm');
  perform tally.lock_summary(v_definition.id, v_definition.name);
  perform tally.find_summary(warm.name);  -- it may be dropped by now
  for v_scope in select distinct s collate "C" from unnest(scopes) s order by 1 loop
    perform tally.check_scope(warm.name, v_scope);
    v_document := tally.find_document(v_definition.id, v_scope);
    continue when tally.is_fresh(v_document, v_definition.max_age);
    v_since := tally.forget_due(v_definition.id, v_scope);
    v_built := v_built + (select case when b.body is null then 0 else 1 end
                          from tally.build_here(v_definition, v_scope, true, v_since) b);
  end loop;
  return v_built;
end
$function$;

comment on function tally.warm(text, text[]) is
  'Builds those documents that are missing or too old, before somebody asks for them; how many.';
