-- Ranges of the hub's log whose history this replica does not have, because a snapshot jumped over them:
-- sequences above `after` up to `through`. They are fetched from the hub, newest first, when somebody asks.
-- The columns of the key come first: SQLite 3.40's quick_check otherwise reports a NULL in `after`.
CREATE TABLE history_gap (
  workspace INTEGER NOT NULL, through INTEGER NOT NULL, after INTEGER NOT NULL,
  PRIMARY KEY (workspace, through)
) WITHOUT ROWID;
INSERT INTO history_gap (workspace, after, through)
  SELECT key, 0, coalesce((SELECT min(sequence) FROM log WHERE log.workspace = key) - 1, cursor) FROM workspace
  WHERE kind <> 'local' AND coalesce((SELECT min(sequence) FROM log WHERE log.workspace = key) - 1, cursor) > 0;

-- 1: somebody asked for it.
ALTER TABLE workspace ADD COLUMN wants_history INTEGER NOT NULL DEFAULT 0;
