-- The server calls functions, and has no right on any table.

revoke execute on all functions in schema leads from public;
grant usage on schema leads to tally_server;
grant execute on function
  leads.create_lead(uuid, text[], uuid, text, text), leads.move_lead(uuid, text[], bigint, text)
  to tally_server;
