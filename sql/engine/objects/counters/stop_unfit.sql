create or replace function tally.stop_unfit(whose regclass default null)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $function$
  -- A counter whose source cannot be counted right, or whose column is gone, shows no number while
  -- that is so. What happens meanwhile is seen by no trigger: so ask for a fill, which fails until
  -- the source is fit again. By index, and writing nothing where all is well.
  select tally.stop_counter(u.id, u.why)
  from (
    select d.id,
           case when m.name is null then format('%s could not be counted for a while', d.source)
                else format('column %I of %s is gone', m.name, d.source) end as why
    from tally.definitions d
    join pg_class c on c.oid = d.source
    left join tally.fit_sources f on f.source = d.source
    left join lateral (
      select n.name from unnest(d.columns) n (name)
      where not exists (select from pg_attribute a
                        where a.attrelid = d.source and a.attname = n.name and a.attnum > 0)
      limit 1
    ) m on true
    where d.filled_at is not null
      and (stop_unfit.whose is null or d.source = stop_unfit.whose)
      and (f.source is null or m.name is not null
           -- tally.fit_sources does not see a child, to spare each read of a counter the look.
           or exists (select from pg_inherits i where i.inhrelid = d.source))
      and not exists (select from tally.fill_requests r where r.counter = d.id)
  ) u
$function$;

comment on function tally.stop_unfit(regclass) is
  'Asks for a fill of counters whose source cannot be counted now, so that they stay without a '
  'number until they are filled again.';
