-- The server calls functions, and has no right on any table.

revoke execute on all functions in schema messages from public;
grant usage on schema messages to tally_server;
grant execute on function messages.record(jsonb), messages.stats(text) to tally_server;
