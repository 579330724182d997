-- What still waits for a decision; the primary key alone would read what was decided, too.
CREATE INDEX conflict_open ON conflict (workspace, id) WHERE resolved = 0;
