create or replace function community.handle_feedback(p_feedback bigint) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- Twice is once. The server has no right on the table: this is the only way in.
  update community.feedback as f
  set status = 'handled', handled_at = now()
  where f.id = p_feedback and f.status = 'pending';
  if not found and not exists (select from community.feedback as f where f.id = p_feedback) then
    raise exception using errcode = 'TA404', message = 'There is no such feedback.';
  end if;
  return json_build_object('id', p_feedback, 'status', 'handled');
end
$function$;

comment on function community.handle_feedback(bigint) is
  'An admin has seen to it. POST /api/feedback/{id}/handle.';
