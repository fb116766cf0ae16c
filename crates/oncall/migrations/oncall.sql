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

-- Who was on call when a schedule was last looked at, and when to look again.
create table schedules_seen (
    schedule_id text collate "C" primary key references schedules (id),
    users text not null,
    at text collate "C" not null,
    next text collate "C" not null
);

create table schedule_sync_targets (
    id text collate "C" primary key,
    version bigint not null,
    slack_user_group_id text collate "C" not null,
    archived_at text collate "C",
    body jsonb not null
);
create index schedule_sync_targets_by_group on schedule_sync_targets (slack_user_group_id);

create table schedule_sync_rules (
    id text collate "C" primary key,
    version bigint not null,
    schedule_id text collate "C" not null references schedules (id),
    target_id text collate "C" not null references schedule_sync_targets (id),
    archived_at text collate "C",
    body jsonb not null
);
create index schedule_sync_rules_by_schedule on schedule_sync_rules (schedule_id) where archived_at is null;
create index schedule_sync_rules_by_target on schedule_sync_rules (target_id) where archived_at is null;

create table schedule_replicas (
    id text collate "C" primary key,
    version bigint not null,
    schedule_id text collate "C" not null references schedules (id),
    provider text collate "C" not null,
    provider_id text collate "C" not null,
    archived_at text collate "C",
    body jsonb not null
);
create index schedule_replicas_by_schedule on schedule_replicas (schedule_id) where archived_at is null;
create index schedule_replicas_by_provider on schedule_replicas (provider, provider_id) where archived_at is null;

-- What other systems were last told of targets and replicas.
create table schedule_syncs (
    subject_id text collate "C" primary key,
    digest text collate "C",
    synced_at text collate "C",
    error text,
    users text not null
);

create table calendar_feeds (
    id text collate "C" primary key,
    version bigint not null,
    hash text collate "C" not null,
    schedule_id text collate "C" references schedules (id),
    user_id text collate "C" references users (id),
    body jsonb not null
);
create unique index calendar_feeds_by_hash on calendar_feeds (hash);

create table cover_requests (
    id text collate "C" primary key,
    version bigint not null,
    schedule_id text collate "C" not null references schedules (id),
    user_id text collate "C" not null references users (id),
    state text collate "C" not null,
    end_at text collate "C" not null,
    body jsonb not null
);
create index cover_requests_by_schedule on cover_requests (schedule_id, end_at);

create table time_off (
    id text collate "C" primary key,
    version bigint not null,
    user_id text collate "C" not null references users (id),
    start_at text collate "C" not null,
    end_at text collate "C" not null,
    body jsonb not null
);
create index time_off_by_user on time_off (user_id, end_at);
