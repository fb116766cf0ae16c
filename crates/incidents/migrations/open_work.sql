-- Whose an action or a follow-up is for as long as it is to be done.
alter table actions add column open_for text collate "C";
update actions set open_for = body ->> 'assignee' where body ->> 'status' = 'outstanding';
create index actions_by_open on actions (open_for, id) where open_for is not null;
alter table follow_ups add column open_for text collate "C";
update follow_ups set open_for = body ->> 'assignee' where body ->> 'status' = 'outstanding';
create index follow_ups_by_open on follow_ups (open_for, id) where open_for is not null;
