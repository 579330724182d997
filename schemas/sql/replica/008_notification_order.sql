-- In which order the hub made what it made at one time: by the change that caused it, then as they came.
ALTER TABLE notification ADD COLUMN sequence INTEGER NOT NULL DEFAULT 0;
ALTER TABLE notification ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
UPDATE notification SET sequence = coalesce(CAST(json_extract(state, '$.sequence') AS INTEGER), 0);
DROP INDEX notification_by_time;
DROP INDEX notification_unread;
CREATE INDEX notification_by_time ON notification (at, sequence, place, id);
CREATE INDEX notification_unread ON notification (at, sequence, place, id) WHERE is_read = 0;
