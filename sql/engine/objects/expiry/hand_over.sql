create or replace function tally.lend_create(role oid, lend boolean)
returns void
language plpgsql
security definer  -- tally_owner alone may grant on its schema; only its members may call this
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- One at a time: two may not change a schema's rights at once.
  perform pg_advisory_xact_lock(1952541804, 14);
  execute format(case when lend then 'grant create on schema tally to %I'
                      else 'revoke create on schema tally from %I' end, pg_get_userbyid(role));
end
$function$;

comment on function tally.lend_create(oid, boolean) is
  'Part of tally.hand_over: gives a role CREATE on schema tally, or takes it back.';

create or replace function tally.hand_over(signature regprocedure, owner oid)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_lent boolean := not has_schema_privilege(owner, 'tally', 'create');
begin
  -- Gives a function that the caller has just made to the role it is to run as. tally_owner may
  -- call it, and nobody else. PostgreSQL gives a function only to a role that has CREATE on its
  -- schema: lent for this transaction, in which nobody else sees it.
  execute format('revoke execute on function %s from public', signature);
  execute format('grant execute on function %s to tally_owner', signature);
  if (select p.proowner = hand_over.owner from pg_proc p where p.oid = signature) then
    return;
  end if;
  if v_lent then
    perform tally.lend_create(owner, true);
  end if;
  begin
    execute format('alter function %s owner to %I', signature, pg_get_userbyid(owner));
  exception when insufficient_privilege then
    raise exception using errcode = 'TL007',
      message = format('role %I may not act as %I: %s', current_user, pg_get_userbyid(owner),
                       sqlerrm),
      hint = format('grant %I to %I;', pg_get_userbyid(owner), current_user);
  end;
  if v_lent then
    perform tally.lend_create(owner, false);
  end if;
end
$function$;

comment on function tally.hand_over(regprocedure, oid) is
  'Gives a function to the role with whose rights it is to run; tally_owner may call it.';

create or replace function tally.drop_function(prefix text, name text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_function regprocedure;
begin
  -- Whatever its parameters are: another version of pgtally may have written it.
  for v_function in
    select p.oid from pg_proc p
    where p.pronamespace = 'tally'::regnamespace
      and p.proname = tally.rule_function(prefix, drop_function.name)
  loop
    execute format('drop function %s', v_function);
  end loop;
end
$function$;

comment on function tally.drop_function(text, text) is
  'Drops the functions of a rule that are called so, if they are there.';
