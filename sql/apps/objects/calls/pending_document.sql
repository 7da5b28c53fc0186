create or replace function calls.pending_document(scope text) returns jsonb
  language plpgsql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- One for each receiver, and none for what is no user's id, as uuid writes it: marks name no
  -- other.
  return (
    select calls.pending_invitations(u.id)
    from accounts.users as u
    where u.id = case when scope ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
                      then scope::uuid end
  );
end
$function$;

comment on function calls.pending_document(text) is
  'Builder: who calls somebody right now, for GET /calls/invitations/pending/stream.';

select tally.create_summary(
  'call_invitations', 'calls.pending_document', settle => '0 seconds', audience => 'owner'
);
select tally.watch(
  'call_invitations', 'calls.invitations', scope => 'receiver_id',
  filter => $$status = 'pending'$$
);
select tally.watch('call_invitations', 'calls.renames', scope => 'receiver_id');
