create or replace function tally.cut(name text, bytes integer)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $function$
  select left(cut.name, max(k)) from generate_series(0, length(cut.name)) k
  where octet_length(left(cut.name, k)) <= cut.bytes
$function$;

comment on function tally.cut(text, integer) is
  'As much of a name as has no more than so many bytes.';

create or replace function tally.missing_months(source regclass, ahead interval)
returns table (month text, low timestamptz, high timestamptz)
language sql
stable
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'  -- how a timestamp without time zone is taken
set jit = off
as $function$
  -- Each month from this one on that no partition holds, or what is left of it. Months begin in the
  -- zone of tally.settings; a column without time zone has its own midnight.
  with zone as (
    select s.time_zone as name, date_trunc('month', now() at time zone s.time_zone) as first,
           (now() + missing_months.ahead) at time zone s.time_zone as last,
           (select a.atttypid = 'timestamptz'::regtype from pg_attribute a
            where a.attrelid = missing_months.source
              and a.attname = tally.partition_column(missing_months.source)) as is_tz
    from tally.settings s
  ), held as (
    select range_agg(tstzrange(b.from_at, b.to_at)) as ranges
    from tally.partition_bounds(missing_months.source) b
    where not b.is_default
  )
  select to_char(m.month, 'YYYY_MM')
           || case when g.gap = tstzrange(m.low, m.high) then ''
                   else to_char(lower(g.gap), '_DDHH24') end,
         lower(g.gap), upper(g.gap)
  from zone z
  cross join lateral (
    select s.month,
           case when z.is_tz then s.month at time zone z.name else s.month at time zone 'UTC' end
             as low,
           case when z.is_tz then (s.month + interval '1 month') at time zone z.name
                else (s.month + interval '1 month') at time zone 'UTC' end as high
    from generate_series(z.first, z.last, interval '1 month') s (month)
  ) m
  cross join held h
  cross join lateral unnest(tstzmultirange(tstzrange(m.low, m.high))
                            - coalesce(h.ranges, '{}'::tstzmultirange)) g (gap)
  order by lower(g.gap)
$function$;

comment on function tally.missing_months(regclass, interval) is
  'The months ahead that no partition holds yet, with the bounds of what is to make.';

create or replace function tally.partition_name(source regclass, month text)
returns name
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- The table's name and the month; with some digits between them where something else is called
  -- so: a partition of a table whose name is alike for 50 bytes, or one that was detached. Types
  -- are in the way as well: a table has one of its name.
  select n.name
  from pg_class c
  cross join generate_series(0, 99) t (try)
  cross join lateral (
    select (case when t.try = 0 then tally.cut(c.relname, 50)
                 else tally.cut(c.relname, 41) || '_'
                      || left(md5(c.relnamespace::regnamespace || '.' || c.relname || t.try), 8) end
            || '_' || partition_name.month)::name as name
  ) n
  where c.oid = partition_name.source
    and not exists (select from pg_class o
                    where o.relnamespace = c.relnamespace and o.relname = n.name)
    and not exists (select from pg_type o
                    where o.typnamespace = c.relnamespace and o.typname = n.name)
  order by t.try
  limit 1
$function$;

comment on function tally.partition_name(regclass, text) is
  'What the partition of a table for a month is to be called: a name that is free.';

create or replace function tally.make_partitions(
  source regclass, ahead interval, out made integer, out failed text
)
language plpgsql
security definer  -- calls the source's own function, which runs as the owner of the table
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'  -- as tally.missing_months has it
set datestyle = 'ISO, YMD'
as $function$
declare
  v_month record;
  v_type  regtype;
  v_full  boolean := false;
  v_other boolean := false;
begin
  -- Each in a subtransaction: a month that cannot be made does not stop the others.
  made := 0;
  select a.atttypid into v_type from pg_attribute a
  where a.attrelid = source and a.attname = tally.partition_column(source);
  for v_month in select m.* from tally.missing_months(source, ahead) m loop
    if made = 0 and failed is null then
      perform tally.lend_triggers(source, true);
    end if;
    begin
      execute format('select tally.%I($1, $2, $3, $4)',
                     'make_partition_' || tally.partitioning_slug(source))
      using source, tally.partition_name(source, v_month.month),
            case v_type when 'timestamptz'::regtype then v_month.low::text
                        when 'date'::regtype then v_month.low::date::text
                        else v_month.low::timestamp::text end,
            case v_type when 'timestamptz'::regtype then v_month.high::text
                        when 'date'::regtype then v_month.high::date::text
                        else v_month.high::timestamp::text end;
      made := made + 1;
    exception
      when check_violation then
        failed := concat_ws('; ', failed, format('the default partition of %s has rows of %s to %s',
                                                 source, v_month.low, v_month.high));
        v_full := true;
      when others or assert_failure then
        failed := concat_ws('; ', failed, format('%s: %s', v_month.month, tally.brief(sqlerrm)));
        v_other := true;
    end;
  end loop;
  if made > 0 or failed is not null then
    perform tally.attach_partitions(source);
    perform tally.lend_triggers(source, false);
  end if;
  if failed is not null then
    raise warning using errcode = 'TL037',
      message = format('partitions of %s: %s', source, failed),
      hint = concat_ws(' ',
        case when v_full then
          'Rows of the default partition have to be moved by hand: in one transaction copy them '
          'elsewhere, delete them, select tally.ensure_partitions(…) and insert them again.' end,
        case when v_other then
          'What failed otherwise, for a lock say, is tried again by the next '
          'tally.ensure_partitions(…).' end);
  end if;
end
$function$;

comment on function tally.make_partitions(regclass, interval) is
  'Makes the monthly partitions that are missing; how many, and what could not be made.';
