-- The server calls functions, and has no right on any table.

revoke execute on all functions in schema community from public;
grant usage on schema community to tally_server;
grant execute on function
  community.create_project(uuid, text, text),
  community.change_project(uuid, text[], bigint, text, text),
  community.delete_project(uuid, text[], bigint),
  community.vote(uuid, bigint, boolean),
  community.comment(uuid, bigint, text),
  community.award_badge(uuid, bigint, text),
  community.create_chain(uuid, text, text),
  community.put_in_chain(uuid, text[], bigint, bigint, boolean),
  community.follow_chain(uuid, bigint, boolean),
  community.post_in_chain(uuid, bigint, text),
  community.follow(uuid, uuid, boolean),
  community.ask_for_intro(uuid, uuid, bigint, text),
  community.decide_intro(uuid, text[], bigint, text),
  community.read_notifications(uuid, bigint),
  community.send_message(uuid, uuid, text),
  community.read_conversation(uuid, bigint, bigint),
  community.put_investor(uuid, text[], jsonb),
  community.give_feedback(uuid, text),
  community.handle_feedback(bigint)
  to tally_server;
