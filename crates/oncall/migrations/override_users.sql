-- Who is on call by an override: what looks for somebody's shifts reads this.
alter table schedule_overrides add column user_id text collate "C" not null default '';
update schedule_overrides set user_id = body ->> 'user';
create index schedule_overrides_by_user on schedule_overrides (user_id, end_at) where deleted_at is null;
