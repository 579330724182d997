-- Tool calls that wrote something, so that a host's retry of one is answered as the call was and not carried
-- out again. `key` is a hash of who called what; `answer` is the result's JSON, '' while it is not known.
-- Rows are kept for a day.
CREATE TABLE tool_call (
  key TEXT PRIMARY KEY, at INTEGER NOT NULL, answer TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX tool_call_at ON tool_call (at);

-- Up to where `memsync digest` has told what happened in a workspace, per project ('' outside a project).
CREATE TABLE told (
  workspace INTEGER NOT NULL, project TEXT NOT NULL, epoch INTEGER NOT NULL, cursor INTEGER NOT NULL,
  PRIMARY KEY (workspace, project)
) WITHOUT ROWID;
