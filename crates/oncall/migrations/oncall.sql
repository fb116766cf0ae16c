create table schedules (
    id text collate "C" primary key,
    version bigint not null,
    archived_at text collate "C",
    body jsonb not null
);

create table schedule_overrides (
    id text collate "C" primary key,
    version bigint not null,
    schedule_id text collate "C" not null references schedules (id),
    rotation_id text collate "C" not null,
    layer_id text collate "C" not null,
    start_at text collate "C" not null,
    end_at text collate "C" not null,
    deleted_at text collate "C",
    body jsonb not null
);
create index schedule_overrides_by_schedule on schedule_overrides (schedule_id, end_at) where deleted_at is null;
