-- Row types, and views only because those are replaced like all else here. Not RETURNS TABLE: there
-- PostgreSQL 17 and later want json in quotes, which a dump of 15 or 16 leaves out.

create or replace view tally.topic_reading as
select null::integer as pos, null::text as kind, null::text as audience, null::text as state,
       null::text as json, null::bigint as version, null::boolean as settled, null::bigint as pulse,
       null::text as history
where false;

comment on view tally.topic_reading is 'What tally.read_topics returns for each topic.';

create or replace view tally.topic_change as
select null::integer as pos, null::text as json, null::bigint as version, null::bigint as pulse
where false;

comment on view tally.topic_change is 'What tally.changed_topics returns for each topic.';
