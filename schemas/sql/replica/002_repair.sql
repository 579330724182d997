-- What is set aside: 'removed' holds operations from a workspace this person was removed from, 'damaged'
-- the text of rows that could not be read any more (`operation` is that text as it was found).
ALTER TABLE quarantine ADD COLUMN reason TEXT NOT NULL DEFAULT 'removed';

-- 1: the confirmed state is not to be trusted; the next sync fetches it again, keeping the outbox.
ALTER TABLE workspace ADD COLUMN wants_resync INTEGER NOT NULL DEFAULT 0;

-- When the confirmed state was last compared with the hub's digest and found equal.
ALTER TABLE workspace ADD COLUMN compared_at INTEGER NOT NULL DEFAULT 0;
