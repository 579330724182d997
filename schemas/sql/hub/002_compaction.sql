-- How far each replica has read, as it said when it last pulled or opened a stream. The log is kept above
-- the cursor of every replica seen in 90 days; a row that is lost only means that one resyncs.
CREATE TABLE replica_cursor (
  workspace INTEGER NOT NULL, replica TEXT NOT NULL, cursor INTEGER NOT NULL, seen_at INTEGER NOT NULL,
  PRIMARY KEY (workspace, replica)
) WITHOUT ROWID;
CREATE INDEX replica_cursor_by_time ON replica_cursor (seen_at);

-- The history of a range of the log, for replicas that a snapshot took past it.
CREATE INDEX change_by_sequence ON change (workspace, sequence);
