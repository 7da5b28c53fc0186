-- So many people that a thousand of them are let in.

insert into accounts.users (id, email, name, status, signed_up_at, decided_at)
select
  ('00000000-0000-4000-9000-' || lpad(to_hex(p.at), 12, '0'))::uuid,
  'person' || p.at || '@example.net',
  'Person ' || p.at,
  'approved',
  now() - interval '100 days',
  now() - interval '99 days'
from generate_series(1001, 1500) as p (at);
