-- What the hub told this person, newest version. `state` is the JSON text of src/wire/notification_codec.h
-- without `read`.
CREATE TABLE notification (
  id        TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  at        INTEGER NOT NULL,
  is_read   INTEGER NOT NULL,
  is_marked INTEGER NOT NULL,          -- 1: was read here, and the hub is still to be told
  state     TEXT NOT NULL,
  hash      BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX notification_by_time ON notification (at, id);
CREATE INDEX notification_unread ON notification (at, id) WHERE is_read = 0;
CREATE INDEX notification_marked ON notification (id) WHERE is_marked = 1;

-- Up to which version of them the hub was asked, and of which of its epochs.
ALTER TABLE store ADD COLUMN notified_epoch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE store ADD COLUMN notified INTEGER NOT NULL DEFAULT 0;
