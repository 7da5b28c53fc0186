create or replace function tally.attach_rules(source regclass)
returns table (relation regclass, attached text)
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_rule record;
begin
  -- Part of tally.attach: the functions of rules that another version wrote, or that are gone.
  for v_rule in
    select r.kind, r.name, r.source
    from (
      select 'expiry' as kind, e.name, e.source, e.made_by,
             array[tally.rule_function('run_expiry', e.name),
                   tally.rule_function('next_expiry', e.name)] as functions
      from tally.expiries e
      union all
      select 'retention', t.name, t.source, t.made_by,
             array[tally.rule_function('run_retention', t.name),
                   tally.rule_function('drop_partitions', t.name)]
      from tally.retentions t
      union all
      select 'partitioning', p.source::text, p.source, p.made_by,
             array['make_partition_' || tally.partitioning_slug(p.source)]::name[]
      from tally.partitionings p
    ) r
    join pg_class c on c.oid = r.source
    where case when attach_rules.source is null then pg_has_role(c.relowner, 'usage')
               else r.source = attach_rules.source end
      and (r.made_by is distinct from tally.rule_version(r.kind)
           or exists (select from unnest(r.functions) f (name)
                      where not exists (select from pg_proc p
                                        where p.pronamespace = 'tally'::regnamespace
                                          and p.proname = f.name)))
      -- Nor one whose table was given away: its new owner has to say so.
      and not exists (select from unnest(r.functions) f (name)
                      join pg_proc p on p.pronamespace = 'tally'::regnamespace
                                    and p.proname = f.name and p.proowner <> c.relowner)
    order by 1, 2
  loop
    if v_rule.kind = 'expiry' then
      perform tally.lock_source(v_rule.source, 'share row exclusive');
      perform tally.build_expiry(v_rule.name, array(
        select a.attname
        from pg_attribute a
        left join pg_trigger t
          on t.tgrelid = a.attrelid
         and t.tgname = tally.rule_function('_600_tally_due', v_rule.name)
        where a.attrelid = v_rule.source and a.attnum > 0 and not a.attisdropped
          and (t.oid is null or a.attnum = any (t.tgattr))));
    elsif v_rule.kind = 'retention' then
      perform tally.build_retention(v_rule.name);
    else
      perform tally.build_partitioning(v_rule.source);
    end if;
    relation := v_rule.source;
    attached := case v_rule.kind when 'partitioning' then 'functions that make partitions'
                     else format('functions of %s %s', v_rule.kind, v_rule.name) end;
    return next;
  end loop;
end
$function$;

comment on function tally.attach_rules(regclass) is
  'Writes the functions of rules anew where another version wrote them, or where they are gone.';
