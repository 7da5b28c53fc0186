create or replace function calls.keep_pending() returns trigger
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- calls.pending has a row for each pending invitation, and its key refuses a second one of a
  -- pair. Whoever writes invitations needs no right on it. Everybody locks the invitation first and
  -- this row after it: another order would end in deadlocks.
  if tg_op in ('UPDATE', 'DELETE') and old.status = 'pending' then
    delete from calls.pending as p
    where p.caller_id = old.caller_id and p.receiver_id = old.receiver_id
      and p.invitation_id = old.id;
  end if;
  if tg_op in ('INSERT', 'UPDATE') and new.status = 'pending' then
    insert into calls.pending (caller_id, receiver_id, invitation_id, expires_at)
    values (new.caller_id, new.receiver_id, new.id, new.expires_at);
  end if;
  return null;
end
$function$;

comment on function calls.keep_pending() is
  'Trigger: one pending invitation at most of each caller to each receiver.';

create or replace function calls.forget_pending() returns trigger
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
begin
  delete from calls.pending;
  return null;
end
$function$;

comment on function calls.forget_pending() is 'Trigger: what was pending is gone by TRUNCATE.';

-- Made once: to replace a trigger waits for every writer of its table.
do $do$
begin
  if not exists (
    select from pg_catalog.pg_trigger as t
    where t.tgrelid = 'calls.invitations'::pg_catalog.regclass
      and t.tgname = '_400_keep_pending_insert'
  ) then
    create trigger _400_keep_pending_insert after insert on calls.invitations
      for each row when (new.status = 'pending') execute function calls.keep_pending();
    create trigger _400_keep_pending_update after update on calls.invitations
      for each row when (old.status = 'pending' or new.status = 'pending')
      execute function calls.keep_pending();
    create trigger _400_keep_pending_delete after delete on calls.invitations
      for each row when (old.status = 'pending') execute function calls.keep_pending();
    create trigger _400_keep_pending_truncate after truncate on calls.invitations
      for each statement execute function calls.forget_pending();
  end if;
end
$do$;
