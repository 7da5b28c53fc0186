create or replace function tally.find_document(summary bigint, scope text)
returns tally.documents
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off  -- whatever statistics say: a plan of when there were few reads all of them
set jit = off  -- a scan that cannot be avoided is priced so high that it would be compiled
as $function$
declare
  v_document tally.documents;
begin
  -- For those who call a builder next, for whom the same settings would hold.
  select d.* into v_document from tally.documents d
  where d.summary = find_document.summary and d.scope = find_document.scope;
  return v_document;
end
$function$;

comment on function tally.find_document(bigint, text) is
  'The row of a document, or NULL: by index, also where the plan was made while there were few.';
