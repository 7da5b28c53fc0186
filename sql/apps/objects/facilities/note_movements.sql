create or replace function facilities.note_movements() returns trigger
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_now timestamptz := clock_timestamp();
begin
  -- What the statement did to the stock of each facility. A row that was past its expiry when it
  -- went had left the stock then.
  if tg_op = 'INSERT' then
    insert into facilities.movements (facility_id, quantity, kind, moved_at)
    select n.facility_id, sum(n.quantity), 'use', least(n.received_at, v_now)
    from new_rows as n
    where n.state = 'stock'
    group by n.facility_id, least(n.received_at, v_now);
  elsif tg_op = 'UPDATE' then
    insert into facilities.movements (facility_id, quantity, kind, moved_at)
    select c.facility_id, sum(c.quantity), c.kind, c.moved_at
    from (
      select o.facility_id, -o.quantity as quantity,
        case when o.expires_at <= v_now then 'expiry' else 'use' end as kind,
        least(o.expires_at, v_now) as moved_at
      from old_rows as o
      where o.state = 'stock'
      union all
      select n.facility_id, n.quantity, 'use', v_now
      from new_rows as n
      where n.state = 'stock'
    ) as c
    group by c.facility_id, c.kind, c.moved_at
    having sum(c.quantity) <> 0;
  elsif tg_op = 'DELETE' then
    insert into facilities.movements (facility_id, quantity, kind, moved_at)
    select o.facility_id, -sum(o.quantity),
      case when o.expires_at <= v_now then 'expiry' else 'use' end, least(o.expires_at, v_now)
    from old_rows as o
    where o.state = 'stock'
    group by o.facility_id, 3, 4;
  else
    insert into facilities.movements (facility_id, quantity, kind, moved_at)
    select i.facility_id, -sum(i.quantity),
      case when i.expires_at <= v_now then 'expiry' else 'use' end, least(i.expires_at, v_now)
    from facilities.inventory as i
    where i.state = 'stock'
    group by i.facility_id, 3, 4;
  end if;
  return null;
end
$function$;

comment on function facilities.note_movements() is
  'Notes in facilities.movements by how much each facility''s stock changed.';

create or replace trigger _400_note_insert
  after insert on facilities.inventory
  referencing new table as new_rows
  for each statement execute function facilities.note_movements();
create or replace trigger _400_note_update
  after update on facilities.inventory
  referencing old table as old_rows new table as new_rows
  for each statement execute function facilities.note_movements();
create or replace trigger _400_note_delete
  after delete on facilities.inventory
  referencing old table as old_rows
  for each statement execute function facilities.note_movements();
create or replace trigger _400_note_truncate
  before truncate on facilities.inventory
  for each statement execute function facilities.note_movements();
comment on trigger _400_note_insert on facilities.inventory is 'Notes what came into stock.';
comment on trigger _400_note_update on facilities.inventory is
  'Notes what left a stock, came into one, or moved from one to another.';
comment on trigger _400_note_delete on facilities.inventory is 'Notes what left the stock.';
comment on trigger _400_note_truncate on facilities.inventory is 'Notes what left the stock.';
