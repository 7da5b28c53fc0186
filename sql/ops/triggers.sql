-- Are all counting triggers where they must be? After a restore, new partitions, a bulk load with
-- triggers off, or when tally.doctor complains of triggers.
--
-- Reads: tally.sources, tally.expected_triggers(), tally.stray_triggers(). Writes nothing.
-- Then:  first answer: what each counted table and partition must carry. Missing: as its owner,
--        select * from tally.attach(); Disabled: alter table … enable trigger …;
--        Second answer: triggers on a table that is no part of a source any more, a detached
--        partition say, whose writes are still counted: select * from tally.attach(); too.
--        After any of them: select * from tally.repair(); because changes may have been missed.

select s.source, t.relation, count(*) as expected,
       count(*) filter (where t.tgenabled in ('O', 'A')) as in_place,
       string_agg(t.name, ', ' order by t.name) filter (where t.tgenabled is null) as missing,
       string_agg(t.name, ', ' order by t.name) filter (where t.tgenabled in ('D', 'R')) as disabled
from tally.sources s
join pg_class c on c.oid = s.source
cross join lateral tally.expected_triggers(s.source, 'count') t
group by s.source, t.relation
order by count(*) filter (where t.tgenabled in ('O', 'A')) = count(*), s.source::text,
         t.relation::text;

select t.relation, t.name, t.source
from tally.stray_triggers() t
where t.kind = 'count'
order by t.relation::text, t.name;
