-- When a cached table last changed: a stamp that never comes again.
create table epochs (
    name text collate "C" primary key,
    stamp text not null
);

create table counters (
    name text collate "C" primary key,
    n bigint not null
);

create table idempotency_keys (
    kind text collate "C" not null,
    key text collate "C" not null,
    id text collate "C" not null,
    primary key (kind, key)
);

create table audit_log (
    id text collate "C" primary key,
    occurred_at text collate "C" not null,
    action text collate "C" not null,
    actor jsonb not null,
    targets jsonb not null,
    context jsonb not null,
    version bigint not null
);
create index audit_log_by_time on audit_log (occurred_at, id);

create table outbox (
    id text collate "C" primary key,
    kind text collate "C" not null,
    body jsonb not null,
    created_at text collate "C" not null
);
create index outbox_by_time on outbox (created_at);

create table jobs (
    id text collate "C" primary key,
    kind text collate "C" not null,
    payload jsonb not null,
    state text collate "C" not null, -- waiting, done, failed
    due_at text collate "C" not null,
    lease_until text collate "C",
    attempts bigint not null,
    last_error text,
    created_at text collate "C" not null,
    finished_at text collate "C"
);
create index jobs_waiting on jobs (due_at) where state = 'waiting';
create index jobs_finished on jobs (finished_at) where finished_at is not null;
