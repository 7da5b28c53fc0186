create or replace function tally.ensure_partitions(
  source regclass, ahead interval default '2 months'
)
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_job  text;
  v_most constant interval := interval '10 years';
begin
  -- Makes what is missing now, and has a job look every hour from now on.
  perform tally.check_isolation('tally.ensure_partitions');
  perform tally.check_rule('partitioning', 'partitioning', source);
  if ahead is null or ahead < interval '0' then
    raise exception using errcode = 'TL034',
      message = format('ahead is %s', coalesce(ahead::text, 'null')),
      hint = 'It is how far ahead of now partitions are made, such as interval ''2 months''.';
  end if;
  if ahead > v_most then
    raise exception using errcode = 'TL034',
      message = format('ahead is %s, and would make a partition for each month of it', ahead),
      hint = format('At most %s, and mostly two months do: its job makes the next ones in time.',
                    v_most);
  end if;
  if tally.partition_column(source) is null then
    raise exception using errcode = 'TL036',
      message = format('%s is not partitioned by ranges of one timestamptz, timestamp or date '
                       'column',
                       source),
      hint = 'create table … partition by range (created_at)';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('tally.partitions.' || source::oid, 0));
  insert into tally.partitionings as p (source, slug, ahead, created_by)
  values (ensure_partitions.source, tally.partitioning_slug(source), ensure_partitions.ahead, session_user)
  on conflict on constraint partitionings_pkey do update set ahead = excluded.ahead;
  perform tally.build_partitioning(source);
  v_job := tally.partitions_job(source);
  insert into tally.jobs (name, command, every, next_at)
  values (v_job, format('select tally.partitions_piece(%L)', v_job), '1 hour',
          clock_timestamp() + interval '1 hour')
  on conflict on constraint jobs_pkey do nothing;
  return (tally.make_partitions(source, ahead)).made;
end
$function$;

comment on function tally.ensure_partitions(regclass, interval) is
  'Makes the monthly partitions of a table from this month on, that are missing, and keeps doing '
  'so; how many. Months begin in settings.time_zone.';

create or replace function tally.partitions_job(source regclass)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  select 'partitions ' || tally.partitioning_slug(source)
$function$;

comment on function tally.partitions_job(regclass) is 'The name of the job that makes partitions.';

create or replace function tally.partitions_piece(job text)
returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_rule tally.partitionings;
  v_done record;
begin
  select p.* into v_rule
  from tally.partitionings p
  join pg_class c on c.oid = p.source
  where 'partitions ' || p.slug = job;
  if not found then
    raise exception using errcode = 'TL006',
      message = format('there is no table that job "%s" makes partitions for', job),
      hint = 'It was dropped: delete this row of tally.jobs, and select '
             'tally.drop_partitioning(source) from tally.partitionings where the doctor says so.';
  end if;
  select m.* into v_done from tally.make_partitions(v_rule.source, v_rule.ahead) m;
  return concat_ws('; ', format('%s made', v_done.made), 'not made: ' || v_done.failed);
end
$function$;

comment on function tally.partitions_piece(text) is 'The job that makes partitions of one table '
                                                    'ahead.';

create or replace function tally.drop_partitioning(source regclass)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
begin
  if not exists (select from tally.partitionings p where p.source = drop_partitioning.source) then
    raise exception using errcode = 'TL006',
      message = format('no partitions are made for %s', coalesce(source::text, 'null')),
      hint = 'select source from tally.partitionings; lists the tables.';
  end if;
  perform tally.drop_function('make_partition', tally.partitioning_slug(source));
  delete from tally.jobs j where j.name = tally.partitions_job(source);
  delete from tally.partitionings p where p.source = drop_partitioning.source;
end
$function$;

comment on function tally.drop_partitioning(regclass) is
  'No more partitions are made ahead for a table. Those that are there stay.';
