-- Up to which time compaction believes the hub's clock; 0: no compaction yet. Milliseconds since 1970. What is
-- there now was made by a clock that was right, or by one that has had the time to be put right.
ALTER TABLE hub ADD COLUMN believed_at INTEGER NOT NULL DEFAULT 0;
UPDATE hub SET believed_at = coalesce((SELECT max(at) FROM log), 0);
