create table identity_providers (
    id text collate "C" primary key,
    version bigint not null,
    body jsonb not null
);

create table identity_provider_states (
    provider_id text collate "C" primary key references identity_providers (id) on delete cascade,
    succeeded_at text,
    failed_at text,
    failure text
);

create table identities (
    provider_id text collate "C" not null references identity_providers (id) on delete cascade,
    subject text collate "C" not null, -- what the provider calls somebody for ever
    user_id text collate "C" not null references users (id) on delete cascade,
    linked_at text not null,
    primary key (provider_id, subject),
    unique (user_id, provider_id)
);

create table sign_in_policies (
    id text collate "C" primary key,
    version bigint not null,
    body jsonb not null
);

alter table sign_in_links add column how text collate "C" not null default 'link';
