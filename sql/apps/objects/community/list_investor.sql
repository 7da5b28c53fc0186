-- Who is let in no more leaves the directory, and comes back when he is let in again. Two halves of one
-- thing: the entry that is written, and the user who is decided about.

create or replace function community.list_entry() returns trigger
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- The user's row is held until the end of the transaction: whoever decides about him meanwhile
  -- waits, and then finds the entry. Whoever writes entries has no right on users.
  if new.user_id is not null then
    select u.status = 'approved' into new.listed
    from accounts.users as u
    where u.id = new.user_id
    for share;
    -- Nobody at all: the foreign key says so.
    new.listed := coalesce(new.listed, false);
  end if;
  return new;
end
$function$;

comment on function community.list_entry() is
  'Sets investors.listed of an entry that belongs to a user.';

create or replace trigger _050_listed before insert or update of user_id, listed on community.investors
  for each row execute function community.list_entry();
comment on trigger _050_listed on community.investors is
  'Sets listed; before the stamps, which tell whether the row is another one.';

create or replace function community.list_investor() returns trigger
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- Whoever decides about users has no right on the directory.
  update community.investors as i
  set listed = new.status = 'approved'
  where i.user_id = new.id and i.listed <> (new.status = 'approved');
  return null;
end
$function$;

comment on function community.list_investor() is
  'Takes the entry of who is let in no more off the directory, or puts it back.';

create or replace trigger _500_list_investor after update of status on accounts.users
  for each row when ((old.status = 'approved') <> (new.status = 'approved'))
  execute function community.list_investor();
comment on trigger _500_list_investor on accounts.users is
  'Keeps community.investors.listed.';
