-- What people are told of: one row per person and event, written in the transaction that causes it.
-- `state` is the JSON text of src/wire/notification_codec.h without `read`; the other columns repeat parts.
CREATE TABLE notification (
  key       INTEGER PRIMARY KEY AUTOINCREMENT,
  user      TEXT NOT NULL,
  id        TEXT NOT NULL,          -- derived from what caused it
  workspace INTEGER NOT NULL,
  version   INTEGER NOT NULL,       -- hub.notified when it was made or, later, read
  at        INTEGER NOT NULL,
  is_read   INTEGER NOT NULL,
  hash      BLOB NOT NULL,
  state     TEXT NOT NULL
);
CREATE UNIQUE INDEX notification_by_id ON notification (user, id);
CREATE INDEX notification_by_version ON notification (version, user);
CREATE INDEX notification_by_user ON notification (user);
CREATE INDEX notification_by_change ON notification (user, version);
CREATE INDEX notification_unread ON notification (user, workspace) WHERE is_read = 0;
CREATE INDEX notification_by_time ON notification (at);

ALTER TABLE hub ADD COLUMN notified INTEGER NOT NULL DEFAULT 0; -- grows with every row made or read

-- Kinds that a person does not want; all others are on.
CREATE TABLE muted (
  user TEXT NOT NULL, kind TEXT NOT NULL,
  PRIMARY KEY (user, kind)
) WITHOUT ROWID;
