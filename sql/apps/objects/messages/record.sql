create or replace function messages.record(p_messages jsonb) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_ahead bigint;
  v_answer json;
begin
  -- A repeat changes nothing, and a later status moves a message on, never back. Those of one batch
  -- are merged before anything is written, and written in the order of their ids, so that two
  -- batches that have the same ones wait for each other, and never both. The server has no right on
  -- the table: this is the only way in.
  select b.place - 1 into v_ahead
  from jsonb_array_elements(p_messages) with ordinality as b (message, place)
  where (b.message ->> 'sentAt')::timestamptz > now() + interval '5 minutes'
  order by b.place
  limit 1;
  if found then
    raise exception using errcode = 'TA400', column = format('messages[%s].sentAt', v_ahead),
      message = format('Message %s of the batch is sent in the future.', v_ahead),
      detail = 'is more than five minutes ahead of the clock here';
  end if;
  with given as (
    select (b.message ->> 'id') collate "C" as id, b.message ->> 'accountId' as account_id,
      (b.message ->> 'sentAt')::timestamptz as sent_at, b.place,
      messages.rank(coalesce(b.message ->> 'status', 'sent')) as rank
    from jsonb_array_elements(p_messages) with ordinality as b (message, place)
  ), merged as (
    select distinct on (g.id) g.id, g.account_id, g.sent_at,
      max(g.rank) over (partition by g.id) as rank
    from given as g
    order by g.id, g.place
  ), put as (
    insert into messages.messages as m (id, account_id, status, sent_at)
    select r.id, r.account_id, (array['sent', 'delivered', 'read', 'failed'])[r.rank], r.sent_at
    from merged as r
    order by r.id
    on conflict (id) do update
    set status = excluded.status, moved_at = now()
    where messages.rank(m.status) < messages.rank(excluded.status)
    returning m.moved_at is null as is_new
  )
  select json_build_object(
    'received', jsonb_array_length(p_messages),
    'new', count(*) filter (where p.is_new),
    'moved', count(*) filter (where not p.is_new)
  ) into v_answer
  from put as p;
  return v_answer;
end
$function$;

comment on function messages.record(jsonb) is
  'Takes down a batch of messages, each [{"id","accountId","status","sentAt"}]. '
  'POST /webhooks/instagram.';
