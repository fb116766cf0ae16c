create table hub_connections (
    id text collate "C" primary key,
    version bigint not null,
    name text collate "C" not null,
    product text collate "C" not null,
    body jsonb not null
);
create unique index hub_connections_by_name on hub_connections (name);

create table hub_runs (
    id text collate "C" primary key,
    version bigint not null,
    connection_id text collate "C",
    state text collate "C" not null,
    delivery text collate "C",
    finished_at text collate "C",
    body jsonb not null
);
create index hub_runs_by_connection on hub_runs (connection_id, id);
create unique index hub_runs_by_delivery on hub_runs (delivery) where delivery is not null;
create index hub_runs_by_end on hub_runs (finished_at);
create index hub_runs_begun on hub_runs (id) where finished_at is null;

-- Something elsewhere, and what it is here.
create table hub_links (
    id text collate "C" primary key,
    version bigint not null,
    connection_id text collate "C" not null references hub_connections (id),
    kind text collate "C" not null,
    entity_id text collate "C" not null,
    body jsonb not null
);
create unique index hub_links_by_entity on hub_links (connection_id, kind, entity_id);

-- Who is changing something elsewhere, so that others wait.
create table hub_locks (
    name text collate "C" primary key,
    holder text collate "C" not null,
    until text collate "C" not null
);

-- A webhook in, actions out.
create table hub_rules (
    id text collate "C" primary key,
    version bigint not null,
    hook text collate "C" not null,
    body jsonb not null
);
create unique index hub_rules_by_hook on hub_rules (hook);
