-- Are all counting triggers where they must be? After a restore, new partitions, a bulk load with
-- triggers off, or when tally.doctor complains of triggers.
--
-- Reads: tally.sources, tally.expected_triggers(), pg_trigger. Writes nothing.
-- Then:  missing: as the table's owner, select * from tally.attach('the source');
--        disabled: alter table … enable trigger user;
--        stray: a table that is no counted one any more, say a detached partition; its writes are
--        still counted: drop trigger … on …; for each.
--        After any of them: select * from tally.repair(); because changes may have been missed.

select s.source, t.relation, count(*) as expected,
       count(*) filter (where t.tgenabled in ('O', 'A')) as in_place,
       string_agg(t.name, ', ' order by t.name) filter (where t.tgenabled is null) as missing,
       string_agg(t.name, ', ' order by t.name) filter (where t.tgenabled in ('D', 'R')) as disabled
from tally.sources s
join pg_class c on c.oid = s.source
cross join lateral tally.expected_triggers(s.source) t
group by s.source, t.relation
order by count(*) filter (where t.tgenabled in ('O', 'A')) = count(*), s.source::text,
         t.relation::text;

select t.tgrelid::regclass as relation, t.tgname as name, 'stray' as state,
       format('drop trigger %I on %s;', t.tgname, t.tgrelid::regclass) as remedy
from pg_trigger t
join pg_proc p on p.oid = t.tgfoid and p.pronamespace = 'tally'::regnamespace
join pg_class c on c.oid = t.tgrelid and c.relnamespace <> 'tally'::regnamespace
where not t.tgisinternal
  and not exists (
    select from tally.sources s
    join pg_class o on o.oid = s.source
    cross join lateral tally.expected_triggers(s.source) e
    where e.relation = t.tgrelid and e.name = t.tgname)
order by t.tgrelid::regclass::text, t.tgname;
