-- Items that operations of the outbox name and this replica lacks, as after the hub was restored from a backup.
-- When one comes, the whole outbox is applied again.
CREATE TABLE awaited (
  workspace INTEGER NOT NULL,
  id TEXT NOT NULL,
  PRIMARY KEY (workspace, id)
) WITHOUT ROWID;
