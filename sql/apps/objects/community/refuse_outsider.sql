create or replace function community.refuse_outsider(p_me uuid, p_conversation bigint) returns void
  language plpgsql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
begin
  if not exists (
    select from community.conversation_members as m
    where m.conversation_id = p_conversation and m.user_id = p_me
  ) then
    raise exception using errcode = 'TA404', message = 'You have no such conversation.';
  end if;
end
$function$;

comment on function community.refuse_outsider(uuid, bigint) is
  'TA404 unless that conversation is the askers.';
