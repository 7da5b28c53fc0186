-- WRITES. Makes all counters agree with their rows again: after a load with triggers off, after
-- ATTACH or DROP PARTITION, or whatever else went past the triggers. Safe under writers: each
-- difference is taken in one snapshot and appended.
--
-- Run it as the owner of the counted tables, or a superuser: missing triggers are put back first,
-- and those of detached partitions taken off, each under a short lock of its table. Disabled
-- triggers stay as they are (triggers.sql names them).
-- Look first, without changing anything: select * from tally.repair(dry_run => true);
-- Then:  first answer: triggers put back or taken off. Second: what differed, and is right now.
--        Third: what is still wrong; empty when all is well.

select a.relation, a.attached from tally.attach() a;

select r.name, r.scope, r.counted, r.actual from tally.repair() r;

select d.status, d."check", d.detail, d.remedy
from tally.doctor() d
where d.status = 'fail';
