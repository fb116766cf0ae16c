create table catalog_types (
    id text collate "C" primary key,
    version bigint not null,
    name text collate "C" not null unique,
    type_name text collate "C" not null unique,
    body jsonb not null
);

create table catalog_entries (
    id text collate "C" primary key,
    version bigint not null,
    type_id text collate "C" not null references catalog_types (id) on delete cascade,
    external_id text collate "C",
    name text collate "C" not null,
    rank bigint not null,
    archived_at text collate "C",
    body jsonb not null,
    unique (type_id, external_id)
);
create index catalog_entries_by_type on catalog_entries (type_id, id) where archived_at is null;
create index catalog_entries_by_rank on catalog_entries (type_id, rank, id) where archived_at is null;

-- How many entries that are not archived a type has. Whoever changes what finds an entry, or what an
-- entry points at, holds the rows of the types it concerns, so that no link and its target pass by
-- each other.
create table catalog_tallies (
    type_id text collate "C" primary key references catalog_types (id) on delete cascade,
    n bigint not null
);

-- What finds an entry that is not archived. Of several that match, the lowest precedence wins.
create table catalog_identifiers (
    type_name text collate "C" not null,
    identifier text collate "C" not null,
    precedence bigint not null, -- 0: ID, 1: external ID, 2: alias, 3: name
    entry_id text collate "C" not null references catalog_entries (id) on delete cascade
);
create index catalog_identifiers_by_identifier on catalog_identifiers (type_name, identifier, precedence, entry_id);
create index catalog_identifiers_by_entry on catalog_identifiers (entry_id);

-- Which entries an entry's attributes point at. A link whose literal finds nothing yet waits.
create table catalog_links (
    from_id text collate "C" not null references catalog_entries (id) on delete cascade,
    slot text collate "C" not null,
    position bigint not null,
    to_type text collate "C" not null, -- a type_name
    literal text collate "C" not null,
    to_id text collate "C" references catalog_entries (id) on delete set null,
    primary key (from_id, slot, position)
);
create index catalog_links_by_target on catalog_links (to_id, slot, from_id);
create index catalog_links_by_literal on catalog_links (to_type, literal);
create index catalog_links_by_slot on catalog_links (slot);
