-- The server calls functions, and has no right on any table. The job runs as tally_owner.

revoke execute on all functions in schema calls from public;
grant usage on schema calls to tally_server, tally_owner;
grant execute on function
  calls.invite(uuid, uuid, bigint, integer), calls.end_invitation(uuid, bigint, text),
  calls.pending_invitations(uuid), calls.sent_invitations(uuid, bigint), calls.list_rooms(bigint)
  to tally_server;
grant execute on function calls.drop_emptied_partitions() to tally_owner;
