create or replace function tally.check_sight(relation regclass)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_owner oid := 'tally_owner'::regrole;
begin
  -- A recount must see every row or refuse: it may never count less in silence.
  if not has_table_privilege(v_owner, check_sight.relation, 'select')
     or not has_schema_privilege(v_owner, (select c.relnamespace from pg_class c
                                           where c.oid = check_sight.relation), 'usage') then
    raise exception using errcode = 'TL011',
      message = format('tally_owner may not read %s', check_sight.relation),
      hint = format('grant usage on schema %s to tally_owner; grant select on %s to tally_owner;',
                    (select c.relnamespace::regnamespace from pg_class c
                     where c.oid = check_sight.relation), check_sight.relation);
  end if;

  if exists (
    select from pg_class c
    where c.oid = check_sight.relation and c.relrowsecurity
      and not exists (select from pg_roles o where o.oid = v_owner and (o.rolbypassrls or o.rolsuper))
      and not (pg_has_role(v_owner, c.relowner, 'usage') and not c.relforcerowsecurity)
      and (not exists (
             select from pg_policy p
             where p.polrelid = c.oid and p.polpermissive and p.polcmd in ('r', '*')
               and exists (select from unnest(p.polroles) r (id)
                           where r.id = 0 or pg_has_role(v_owner, r.id, 'usage'))
               and pg_get_expr(p.polqual, p.polrelid) = 'true')
           or exists (
             select from pg_policy p
             where p.polrelid = c.oid and not p.polpermissive and p.polcmd in ('r', '*')
               and exists (select from unnest(p.polroles) r (id)
                           where r.id = 0 or pg_has_role(v_owner, r.id, 'usage')))))
  then
    raise exception using errcode = 'TL011',
      message = format('row-level security may hide rows of %s from tally_owner',
                       check_sight.relation),
      hint = format('create policy tally_reads_all on %s for select to tally_owner using (true); '
                    'a restrictive policy on it must not apply to tally_owner.',
                    check_sight.relation);
  end if;
end
$function$;

comment on function tally.check_sight(regclass) is
  'Raises TL011 when tally_owner cannot see every row of a table.';
