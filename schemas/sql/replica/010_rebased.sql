-- What was sent to a log that another one replaced is sent anew as an operation that has seen nothing of a log, with
-- another hash. The earlier log may come back (a later backup than the one restored first): then it has the operation
-- under its earlier hash.
CREATE TABLE rebased (
  workspace INTEGER NOT NULL,
  hash BLOB NOT NULL,
  earlier BLOB NOT NULL,
  PRIMARY KEY (workspace, hash)
) WITHOUT ROWID;
