-- Last in the list: what others than tally_owner may do.

revoke all on all tables in schema tally from public;
revoke execute on all functions in schema tally from public;
revoke execute on all procedures in schema tally from public;

-- Whoever may select from tally.counters calls them by that; the first tells what pg_inherits does.
grant execute on function tally.has_children(oid), tally.bounded(numeric) to public;

grant usage on schema tally to tally_server;
grant select on tally.counters, tally.counter_definitions, tally.status, tally.pulses
  to tally_server;
grant execute on function
  tally.pulse(), tally.work(interval), tally.work_knowing(timestamptz, interval),
  tally.next_work_knowing(timestamptz), tally.top(text, integer),
  tally.top_after(text, integer, bigint, text), tally.attend(),
  tally.fall_asleep(), tally.stay_awake(), tally.doorbell(), tally.is_sweeping(), tally.take_turn(text), tally.doctor(),
  tally.read_topics(text[], text[]), tally.changed_topics(text[], text[], bigint),
  tally.topic_definitions(text[]), tally.history(), tally.version(), tally.trail()
  to tally_server;
grant execute on function
  tally.next_due(), tally.next_work(timestamptz), tally.run_due_jobs(), tally.held_jobs(),
  tally.job_end_key(text), tally.running_jobs(), tally.cancel_overdue_jobs(), tally.note_cron()
  to tally_server;
grant select on tally.summaries, tally.build_history, tally.document_ages to tally_server;
grant execute on function
  tally.collect_marks(), tally.expand_due(), tally.await_marks(), tally.stop_awaiting_marks(),
  tally.build_topic(text, text), tally.read_summary(text, text)
  to tally_server;
grant execute on procedure tally.tick(interval), tally.cron() to tally_server;
