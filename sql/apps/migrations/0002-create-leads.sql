-- Leads, each with one owner.

create schema leads;
comment on schema leads is 'Leads and how far they have come. Badges: new_leads, new_leads_of.';

create table leads.leads (
  id bigint constraint leads_pkey primary key generated always as identity,
  owner_id uuid not null
    constraint leads_owner_id_fkey references accounts.users on delete restrict,
  name text not null constraint leads_name_check check (length(name) between 1 and 200),
  email text constraint leads_email_check check (length(email) <= 254),
  status text not null default 'new'
    constraint leads_status_check
    check (status in ('new', 'contacted', 'qualified', 'won', 'lost')),
  created_at timestamptz not null default now(),
  moved_at timestamptz not null default now()
);

comment on table leads.leads is 'Each lead belongs to one user, who works on it.';
comment on column leads.leads.moved_at is 'When status last changed.';

create index leads_owner_id_idx on leads.leads (owner_id, status);
comment on index leads.leads_owner_id_idx is 'An owner''s leads; and the foreign key.';

select tally.create_counter(
  'new_leads', 'leads.leads', filter => $$status = 'new'$$, audience => 'role:admin'
);
select tally.create_counter(
  'new_leads_of', 'leads.leads',
  filter => $$status = 'new'$$, scope => 'owner_id', audience => 'owner'
);
