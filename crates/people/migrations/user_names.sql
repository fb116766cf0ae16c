-- What people are called, in small letters: what a search reads.
alter table users add column name text collate "C" not null default '';
update users set name = lower(body ->> 'name');
