-- The server calls functions, and has no right on any table.

revoke execute on all functions in schema accounts from public;
grant usage on schema accounts to tally_server;
grant execute on function
  accounts.sign_up(text, text), accounts.decide(uuid, uuid, text), accounts.pending_users(text)
  to tally_server;
