create table severities (
    id text collate "C" primary key,
    version bigint not null,
    rank bigint not null,
    body jsonb not null
);

create table incident_statuses (
    id text collate "C" primary key,
    version bigint not null,
    category text collate "C" not null,
    rank bigint not null,
    body jsonb not null
);

create table incident_types (
    id text collate "C" primary key,
    version bigint not null,
    body jsonb not null
);

create table incident_roles (
    id text collate "C" primary key,
    version bigint not null,
    body jsonb not null
);

create table incident_timestamps (
    id text collate "C" primary key,
    version bigint not null,
    rank bigint not null,
    body jsonb not null
);

create table custom_fields (
    id text collate "C" primary key,
    version bigint not null,
    body jsonb not null
);

create table custom_field_options (
    id text collate "C" primary key,
    version bigint not null,
    custom_field_id text collate "C" not null references custom_fields (id) on delete cascade,
    sort_key bigint not null,
    body jsonb not null
);
create index custom_field_options_by_field on custom_field_options (custom_field_id, sort_key);

create table follow_up_choices (
    id text collate "C" primary key,
    version bigint not null,
    kind text collate "C" not null, -- priority, category
    rank bigint not null,
    body jsonb not null
);

create table incidents (
    id text collate "C" primary key,
    version bigint not null,
    number bigint not null unique,
    status_id text collate "C" not null references incident_statuses (id),
    severity_id text collate "C" references severities (id),
    type_id text collate "C" references incident_types (id),
    mode text collate "C" not null,
    private boolean not null,
    created_at text collate "C" not null,
    updated_at text collate "C" not null,
    body jsonb not null
);
create index incidents_by_status on incidents (status_id, id);
create index incidents_by_severity on incidents (severity_id, id);
create index incidents_by_type on incidents (type_id, id);

-- How many incidents there are, for the filters that lists use most.
create table incident_tallies (
    status_id text collate "C" not null,
    mode text collate "C" not null,
    private boolean not null,
    n bigint not null,
    primary key (status_id, mode, private)
);

create table incident_role_holders (
    incident_id text collate "C" not null references incidents (id) on delete cascade,
    role_id text collate "C" not null,
    user_id text collate "C" not null,
    primary key (incident_id, role_id)
);
create index incident_role_holders_by_user on incident_role_holders (role_id, user_id);

create table incident_field_values (
    incident_id text collate "C" not null references incidents (id) on delete cascade,
    field_id text collate "C" not null,
    value text collate "C" not null
);
create index incident_field_values_by_incident on incident_field_values (incident_id);
create index incident_field_values_by_value on incident_field_values (field_id, value);

create table incident_updates (
    id text collate "C" primary key,
    version bigint not null,
    incident_id text collate "C" not null references incidents (id) on delete cascade,
    body jsonb not null
);
create index incident_updates_by_incident on incident_updates (incident_id, id);

create table incident_memberships (
    id text collate "C" primary key,
    version bigint not null,
    incident_id text collate "C" not null references incidents (id) on delete cascade,
    user_id text collate "C" not null,
    body jsonb not null,
    unique (user_id, incident_id)
);
create index incident_memberships_by_incident on incident_memberships (incident_id);

create table incident_attachments (
    id text collate "C" primary key,
    version bigint not null,
    incident_id text collate "C" not null references incidents (id) on delete cascade,
    resource_type text collate "C" not null,
    external_id text collate "C" not null,
    body jsonb not null
);
create index incident_attachments_by_incident on incident_attachments (incident_id);
create index incident_attachments_by_resource on incident_attachments (resource_type, external_id);

create table incident_relationships (
    id text collate "C" primary key,
    version bigint not null,
    incident_id text collate "C" not null references incidents (id) on delete cascade,
    related_id text collate "C" not null references incidents (id) on delete cascade,
    body jsonb not null
);
create index incident_relationships_by_incident on incident_relationships (incident_id, id);
create index incident_relationships_by_related on incident_relationships (related_id, id);

create table actions (
    id text collate "C" primary key,
    version bigint not null,
    incident_id text collate "C" not null references incidents (id) on delete cascade,
    created_at text collate "C" not null,
    updated_at text collate "C" not null,
    body jsonb not null
);
create index actions_by_incident on actions (incident_id, id);

create table follow_ups (
    id text collate "C" primary key,
    version bigint not null,
    incident_id text collate "C" not null references incidents (id) on delete cascade,
    assignee_team_id text collate "C",
    created_at text collate "C" not null,
    updated_at text collate "C" not null,
    body jsonb not null
);
create index follow_ups_by_incident on follow_ups (incident_id, id);

create table external_issues (
    id text collate "C" primary key,
    version bigint not null,
    url text collate "C" not null unique,
    body jsonb not null
);

create table postmortem_documents (
    id text collate "C" primary key,
    version bigint not null,
    incident_id text collate "C" not null references incidents (id) on delete cascade,
    body jsonb not null
);
create index postmortem_documents_by_incident on postmortem_documents (incident_id);
