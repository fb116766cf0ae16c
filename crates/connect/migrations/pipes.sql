create table hub_pipes (
    id text collate "C" primary key,
    version bigint not null,
    name text not null unique,
    due_at text collate "C",
    body jsonb not null
);

create index hub_pipes_by_due on hub_pipes (due_at);

create table hub_pipe_runs (
    id text collate "C" primary key,
    pipe_id text collate "C" not null references hub_pipes (id) on delete cascade,
    state text not null,
    holder text collate "C" not null,
    until text collate "C" not null,
    body jsonb not null
);

create index hub_pipe_runs_by_pipe on hub_pipe_runs (pipe_id, state, id);

create table hub_pipe_rows (
    pipe_id text collate "C" not null references hub_pipes (id) on delete cascade,
    row_id text collate "C" not null,
    digest text collate "C" not null,
    is_done boolean not null,
    status bigint,
    remote_id text,
    primary key (pipe_id, row_id)
);
