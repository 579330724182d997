-- hub.access at the last change of this membership: what the streams of the workspace are told of.
ALTER TABLE member ADD COLUMN access INTEGER NOT NULL DEFAULT 0;
CREATE INDEX member_by_access ON member (access);
