-- 3 000 leads of the last year: most of them are decided, some 300 are new.

insert into leads.leads (owner_id, name, email, status, created_at, moved_at)
select
  case when l.at % 40 = 0 then '00000000-0000-4000-8000-000000000004'::uuid
    else pg_temp.somebody(60) end,
  l.company || ' ' || l.kind,
  lower(l.company) || l.at || '@example.com',
  (array['new', 'contacted', 'contacted', 'qualified', 'qualified', 'won', 'won', 'won', 'lost',
    'lost'])[1 + floor(random() * 10)],
  now() - l.age,
  now() - l.age * random()
from (
  select g.at, random() * interval '365 days' as age,
    (array['Acorn', 'Birch', 'Cedar', 'Delta', 'Ember', 'Falcon', 'Granite', 'Harbor', 'Indigo',
      'Juniper', 'Kestrel', 'Lantern', 'Meadow', 'Nimbus', 'Orchard', 'Pioneer'])
      [1 + floor(random() * 16)] as company,
    (array['Foods', 'Labs', 'Logistics', 'Media', 'Partners', 'Robotics', 'Supplies', 'Works'])
      [1 + floor(random() * 8)] as kind
  from generate_series(1, 3000) as g (at)
) as l;
