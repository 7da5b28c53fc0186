create or replace function community.give_feedback(p_me uuid, p_body text) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_feedback community.feedback;
begin
  -- The server has no right on the table: this is the only way in.
  perform community.refuse_stranger(p_me);
  insert into community.feedback (author_id, body)
  values (p_me, p_body)
  returning * into v_feedback;
  return json_build_object('id', v_feedback.id, 'status', v_feedback.status);
end
$function$;

comment on function community.give_feedback(uuid, text) is
  'Somebody tells the admins something. POST /api/feedback.';
