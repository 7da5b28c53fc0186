-- The server calls functions, and has no right on any table.

revoke execute on all functions in schema facilities from public;
grant usage on schema facilities to tally_server;
grant execute on function
  facilities.admit(uuid, text[], uuid),
  facilities.dashboard(uuid, text[], uuid, date),
  facilities.history(uuid, text[], uuid, date, date),
  facilities.request(uuid, text[], uuid, text, integer),
  facilities.take_in(uuid, text[], uuid, uuid, text, integer, timestamptz),
  facilities.issue(uuid, text[], uuid, bigint, integer),
  facilities.dispatch(uuid, text[], uuid, bigint, integer, uuid),
  facilities.deliver(uuid, text[], uuid, bigint),
  facilities.move_bank(uuid, uuid),
  facilities.in_stock(uuid, text[], uuid, text),
  facilities.under_way(uuid, text[], uuid, bigint)
  to tally_server;
