-- 604 people: the four whose tokens are printed, 588 who were let in, and 12 who wait.

insert into accounts.users (id, email, name, status, signed_up_at, decided_at)
values
  ('00000000-0000-4000-8000-000000000001', 'ada@example.org', 'Ada Admin', 'approved',
    now() - interval '400 days', now() - interval '400 days'),
  ('00000000-0000-4000-8000-000000000002', 'ines@example.org', 'Ines Investor', 'approved',
    now() - interval '300 days', now() - interval '300 days'),
  ('00000000-0000-4000-8000-000000000003', 'vera@example.org', 'Vera Validator', 'approved',
    now() - interval '300 days', now() - interval '300 days'),
  ('00000000-0000-4000-8000-000000000004', 'uma@example.org', 'Uma User', 'approved',
    now() - interval '200 days', now() - interval '200 days');

insert into accounts.users (id, email, name, status, signed_up_at, decided_at, decided_by)
select
  ('00000000-0000-4000-9000-' || lpad(to_hex(p.at), 12, '0'))::uuid,
  lower(p.first || '.' || p.last) || p.at || '@example.org',
  p.first || ' ' || p.last,
  case when p.at > 588 then 'pending' else 'approved' end,
  now() - p.age,
  case when p.at <= 588 then now() - p.age * 0.9 end,
  case when p.at <= 588 then '00000000-0000-4000-8000-000000000001'::uuid end
from (
  select g.at,
    case when g.at > 588 then random() * interval '2 days' else random() * interval '365 days' end
      as age,
    (array['Anna', 'Ben', 'Clara', 'David', 'Elif', 'Femi', 'Greta', 'Hugo', 'Ida', 'Jonas', 'Kira',
      'Luis', 'Mina', 'Nils', 'Olga', 'Pablo', 'Quinn', 'Rosa', 'Sven', 'Tara', 'Umut', 'Vito',
      'Wanda', 'Yara', 'Zeno'])[1 + floor(random() * 25)] as first,
    (array['Abel', 'Berg', 'Costa', 'Dahl', 'Ekman', 'Fischer', 'Garcia', 'Hansen', 'Ito', 'Jansen',
      'Keller', 'Lopez', 'Moreau', 'Novak', 'Okafor', 'Petit', 'Rossi', 'Schmidt', 'Tanaka',
      'Vogel', 'Weber', 'Young'])[1 + floor(random() * 22)] as last
  from generate_series(1, 600) as g (at)
) as p;

-- For the files that follow: one of the first so many who were let in.
create function pg_temp.somebody(p_of int) returns uuid
  language sql volatile
  as $$
    select ('00000000-0000-4000-9000-' || lpad(to_hex(1 + floor(random() * p_of)::int), 12, '0'))::uuid
  $$;
