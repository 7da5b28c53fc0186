create or replace function community.restart_recency() returns trigger
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- As of a row that is new: what is older than a week the rules move on at once.
  new.recency := 'week';
  return new;
end
$function$;

comment on function community.restart_recency() is
  'Trigger function: another time begins with the week again.';

create or replace trigger _050_recency before update of voted_at on community.votes
  for each row execute function community.restart_recency();
comment on trigger _050_recency on community.votes is 'Whoever moves a vote moves its recency.';

create or replace trigger _050_recency before update of followed_at on community.chain_followers
  for each row execute function community.restart_recency();
comment on trigger _050_recency on community.chain_followers is
  'Whoever moves when somebody followed moves its recency.';
