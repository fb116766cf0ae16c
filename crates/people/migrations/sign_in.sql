create table custom_roles (
    id text collate "C" primary key,
    version bigint not null,
    body jsonb not null
);

create table sessions (
    id text collate "C" primary key,
    token text collate "C" not null unique, -- its hash
    user_id text collate "C" not null references users (id) on delete cascade,
    how text collate "C" not null,
    location text not null,
    user_agent text not null,
    created_at text not null,
    last_seen_at text not null
);
create index sessions_by_user on sessions (user_id);
create index sessions_by_use on sessions (last_seen_at);

create table passwords (
    user_id text collate "C" primary key references users (id) on delete cascade,
    hash text not null,
    changed_at text not null
);

create table sign_in_links (
    step text collate "C" primary key, -- its hash
    user_id text collate "C" not null references users (id) on delete cascade,
    expires_at text not null
);
create index sign_in_links_by_user on sign_in_links (user_id);

create table second_factors (
    user_id text collate "C" primary key references users (id) on delete cascade,
    seed text collate "C" not null references secrets (id),
    last_period bigint, -- of the code used last; null until one has confirmed it
    begun_at text not null
);

create table recovery_codes (
    user_id text collate "C" not null references users (id) on delete cascade,
    code text collate "C" not null, -- its hash
    primary key (user_id, code)
);

create table sign_in_failures (
    subject text collate "C" primary key, -- who tries, or from where
    moments jsonb not null, -- of the latest, in order
    last_at text not null
);
create index sign_in_failures_by_age on sign_in_failures (last_at);
