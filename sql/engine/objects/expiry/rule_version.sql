create or replace function tally.rule_version(kind text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- Whatever has a part in what the functions of a rule are like.
  select md5(string_agg(p.prosrc, '' order by p.proname))
  from pg_proc p
  where p.pronamespace = 'tally'::regnamespace
    and p.proname = any (array['rule_settings', 'pinned_settings', 'pinned_values',
                              'rule_function', 'hand_over', 'owner_check']
      || case rule_version.kind
           when 'expiry' then array['build_expiry', 'expiry_body', 'deferred_checks', 'one_line',
                                    'new_row_text']
           when 'retention' then array['build_retention', 'retention_body', 'retention_variables',
                                       'retention_keys', 'retention_texts', 'retention_passes',
                                       'retention_notices', 'deferred_checks', 'drop_body',
                                       'one_line']
           when 'partitioning' then array['build_partitioning', 'partitioning_slug'] end)
$function$;

comment on function tally.rule_version(text) is
  'Stands for how this version of pgtally writes the functions of an expiry, a retention or a '
  'partitioning.';
