create or replace function calls.tell_receivers() returns trigger
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- A caller, room or match has another name: those whom it calls see it at once. Rows are put into
  -- calls.renames, and not into what is pending, because nobody ever waits for a new row.
  if tg_relid = 'accounts.users'::regclass then
    insert into calls.renames (receiver_id)
    select i.receiver_id from calls.invitations as i
    where i.caller_id = new.id and i.status = 'pending';
  elsif tg_relid = 'calls.rooms'::regclass then
    insert into calls.renames (receiver_id)
    select distinct i.receiver_id from calls.invitations as i
    where i.room_id = new.id and i.status = 'pending';
  else
    insert into calls.renames (receiver_id)
    select distinct i.receiver_id
    from calls.rooms as r
    join calls.invitations as i on i.room_id = r.id and i.status = 'pending'
    where r.match_id = new.id;
  end if;
  if found then
    delete from calls.renames;
  end if;
  return null;
end
$function$;

comment on function calls.tell_receivers() is
  'Trigger: who is called by somebody, or into a room, that is renamed gets a new document.';

do $do$
begin
  if not exists (
    select from pg_catalog.pg_trigger as t
    where t.tgrelid = 'calls.matches'::pg_catalog.regclass and t.tgname = '_400_tell_receivers'
  ) then
    create trigger _400_tell_receivers after update of name on accounts.users
      for each row when (old.name <> new.name) execute function calls.tell_receivers();
    create trigger _400_tell_receivers after update of name, match_id on calls.rooms
      for each row when (old.name <> new.name or old.match_id <> new.match_id)
      execute function calls.tell_receivers();
    create trigger _400_tell_receivers after update of title on calls.matches
      for each row when (old.title <> new.title) execute function calls.tell_receivers();
  end if;
end
$do$;
