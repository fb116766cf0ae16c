create table users (
    id text collate "C" primary key,
    version bigint not null,
    email text collate "C" unique, -- in lower case
    slack_user_id text collate "C",
    active boolean not null,
    body jsonb not null
);
create index users_by_slack_user on users (slack_user_id);

create table teams (
    id text collate "C" primary key,
    version bigint not null,
    body jsonb not null
);

create table api_keys (
    id text collate "C" primary key,
    version bigint not null,
    body jsonb not null
);

create table api_key_teams (
    api_key_id text collate "C" not null references api_keys (id) on delete cascade,
    team_id text collate "C" not null,
    primary key (team_id, api_key_id)
);

create table api_key_uses (
    api_key_id text collate "C" primary key references api_keys (id) on delete cascade,
    last_used_at text not null
);

create table ip_allowlists (
    id text collate "C" primary key,
    version bigint not null,
    body jsonb not null
);

create table managed_resources (
    id text collate "C" primary key,
    version bigint not null,
    resource_type text collate "C" not null,
    resource_id text collate "C" not null,
    body jsonb not null,
    unique (resource_type, resource_id)
);
