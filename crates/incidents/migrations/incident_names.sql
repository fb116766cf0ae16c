-- What incidents are called, in small letters: what a search reads instead of whole incidents.
create table incident_names (
    incident_id text collate "C" primary key references incidents (id) on delete cascade,
    name text collate "C" not null
);
insert into incident_names (incident_id, name) select id, lower(body ->> 'name') from incidents;
