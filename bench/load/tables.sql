-- Rows that are counted. A probe is one whose way from the commit to the streams is timed: it
-- changes a counter of its own too, so that each value tells which probe it includes.

create table items (
  id    bigint generated always as identity primary key,
  probe boolean not null default false
);

-- What the bare relay is told of. Nothing counts it.
create table relayed (
  id bigint generated always as identity primary key
);

select tally.create_counter('load_rows', 'load.items', audience => 'public');
select tally.create_counter('load_probes', 'load.items', filter => 'probe', audience => 'public');
