create table hub_locks (
    name text collate "C" primary key,
    holder text collate "C" not null,
    until text collate "C" not null
);
