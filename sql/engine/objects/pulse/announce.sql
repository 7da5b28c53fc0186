create or replace function tally.announce(pulse bigint, changes text[])
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_form text := '{"pulse":%s,"part":%s,"parts":%s,"changes":[%s]}';
  v_all  text := coalesce(array_to_string(changes, ','), '');
begin
  -- A payload has at most 7999 bytes. Nearly always one is enough.
  if octet_length(v_all) <= 7800 then
    perform pg_notify('tally', format(v_form, pulse, 1, 1, v_all));
    return;
  end if;
  -- One change has at most about 3200 bytes.
  perform pg_notify('tally', format(v_form, announce.pulse, p.part, count(*) over (), p.list))
  from (
    select row_number() over (order by b.part) as part,
           string_agg(b.change, ',' order by b.place) as list
    from (
      select c.change, c.place,
             sum(octet_length(c.change) + 1) over (order by c.place) / 4500 as part
      from unnest(changes) with ordinality c (change, place)
    ) b
    group by b.part
  ) p
  order by p.part;
end
$function$;

comment on function tally.announce(bigint, text[]) is
  'Sends a pulse''s changes on channel tally, in as many payloads as it takes.';
