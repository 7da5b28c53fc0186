create or replace function messages.note_minutes() returns trigger
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- What came and went, whoever wrote it, as rows that can be thrown away once nobody shows their
  -- minute any more. Older ones are shown by nobody from the beginning. Whoever writes messages
  -- has no right on this table.
  if tg_op = 'INSERT' then
    insert into messages.minutes (minute, messages)
    select date_trunc('minute', c.sent_at), count(*)
    from came as c
    where c.sent_at > now() - interval '61 minutes'
    group by 1;
  elsif tg_op = 'UPDATE' then
    insert into messages.minutes (minute, messages)
    select date_trunc('minute', b.sent_at), sum(b.n)
    from (
      select c.sent_at, 1 as n from came as c
      union all
      select g.sent_at, -1 from gone as g
    ) as b
    where b.sent_at > now() - interval '61 minutes'
    group by 1
    having sum(b.n) <> 0;
  elsif tg_op = 'DELETE' then
    insert into messages.minutes (minute, messages)
    select date_trunc('minute', g.sent_at), -count(*)
    from gone as g
    where g.sent_at > now() - interval '61 minutes'
    group by 1;
  else
    -- Not DELETE, which in a transaction with an older snapshot would leave rows behind.
    truncate messages.minutes;
  end if;
  return null;
end
$function$;

comment on function messages.note_minutes() is
  'Trigger function of messages.messages: keeps messages.minutes.';

create or replace trigger _100_note_minutes_insert after insert on messages.messages
  referencing new table as came
  for each statement execute function messages.note_minutes();
create or replace trigger _100_note_minutes_update after update on messages.messages
  referencing old table as gone new table as came
  for each statement execute function messages.note_minutes();
create or replace trigger _100_note_minutes_delete after delete on messages.messages
  referencing old table as gone
  for each statement execute function messages.note_minutes();
create or replace trigger _100_note_minutes_truncate after truncate on messages.messages
  for each statement execute function messages.note_minutes();
comment on trigger _100_note_minutes_insert on messages.messages is 'Keeps messages.minutes.';
comment on trigger _100_note_minutes_update on messages.messages is 'Keeps messages.minutes.';
comment on trigger _100_note_minutes_delete on messages.messages is 'Keeps messages.minutes.';
comment on trigger _100_note_minutes_truncate on messages.messages is 'Keeps messages.minutes.';
