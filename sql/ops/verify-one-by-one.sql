-- Is every counter exact? Each is recounted by itself, with its time; one that cannot be recounted
-- is named and harms no other. Writers go on. A large source is read once for each of its counters.
--
-- Reads: the rows of all sources. Writes nothing but tally.verifications, from which the answer and
--        tally.doctor come. For one only: select * from tally.verify('name'); lists its scopes.
-- Then:  differences > 0: something went past the triggers; triggers.sql shows where they are
--        missing. select * from tally.repair('name'); puts it right, while writers go on.

do $block$
declare
  v_counter record;
  v_differences bigint;
  v_started timestamptz;
begin
  for v_counter in
    select c.name, c.state from tally.counter_definitions c order by c.name
  loop
    if v_counter.state <> 'filled' then
      raise warning '%: not recounted, it is %', v_counter.name, v_counter.state;
      continue;
    end if;
    v_started := clock_timestamp();
    begin
      select count(*) into v_differences from tally.verify(v_counter.name);
      raise notice '%: % in % ms', v_counter.name,
        case v_differences when 0 then 'exact' else v_differences || ' difference(s)' end,
        round(extract(epoch from clock_timestamp() - v_started) * 1000);
    exception when others or assert_failure then
      raise warning '%: could not be recounted: %', v_counter.name, sqlerrm;
    end;
  end loop;
end
$block$;

select c.name, c.source, c.state, v.verified_at, v.differences
from tally.counter_definitions c
left join tally.definitions d on d.name = c.name
left join tally.verifications v on v.counter = d.id
order by v.differences desc nulls first, c.name;
