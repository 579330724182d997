-- The hub: one SQLite file for all workspaces of a team's hub.
--
-- Every row of shared content carries its workspace, as the integer key of its row in `workspace`, and so
-- does every statement that reads it. Ids are Crockford base32 text, sequences and the epoch int64 bit
-- patterns of uint64, times milliseconds since 1970, secrets SHA-256. `state` and `entry` are the JSON text
-- of src/wire/effect_codec.h, guarded by `hash`; the other columns repeat parts of it for walks and lists.

CREATE TABLE hub (
  one    INTEGER PRIMARY KEY CHECK (one = 1),
  epoch  INTEGER NOT NULL,          -- identity of the logs; renewed when a backup is restored
  access INTEGER NOT NULL           -- grows with every change of what anybody may do
);

CREATE TABLE user (
  key        INTEGER PRIMARY KEY,
  id         TEXT NOT NULL UNIQUE,
  email      TEXT NOT NULL UNIQUE,  -- lower case
  name       TEXT NOT NULL,
  password   TEXT,                  -- argon2id; NULL: none set
  access     INTEGER NOT NULL,      -- hub.access at the last change of this person's rights
  created_at INTEGER NOT NULL
);
CREATE INDEX user_by_access ON user (access);

CREATE TABLE token (
  id         TEXT PRIMARY KEY,
  hash       BLOB NOT NULL UNIQUE,
  user       TEXT NOT NULL,
  name       TEXT NOT NULL,
  scopes     TEXT NOT NULL,         -- names of permissions, separated by blanks; '*': all
  workspaces TEXT NOT NULL,         -- ids, separated by blanks; '': all of its owner
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER
) WITHOUT ROWID;
CREATE INDEX token_by_user ON token (user);

CREATE TABLE workspace (
  key        INTEGER PRIMARY KEY,
  id         TEXT NOT NULL UNIQUE,
  kind       TEXT NOT NULL,         -- personal, team
  name       TEXT NOT NULL,
  strategy   TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  deleted_at INTEGER,
  head       INTEGER NOT NULL,      -- the last sequence given
  floor      INTEGER NOT NULL       -- entries up to it were compacted away
);

-- removed = 1 is the tombstone of a membership: the proof with which a replica deletes itself.
CREATE TABLE member (
  workspace INTEGER NOT NULL, user TEXT NOT NULL, role TEXT NOT NULL, since INTEGER NOT NULL,
  removed   INTEGER NOT NULL,
  PRIMARY KEY (workspace, user)
) WITHOUT ROWID;
CREATE INDEX member_by_user ON member (user);

CREATE TABLE invitation (
  id          TEXT PRIMARY KEY,
  hash        BLOB NOT NULL UNIQUE,
  workspace   INTEGER NOT NULL,
  email       TEXT NOT NULL,
  role        TEXT NOT NULL,
  invited_by  TEXT,                 -- NULL: the operator
  created_at  INTEGER NOT NULL,
  expires_at  INTEGER NOT NULL,
  accepted_at INTEGER,
  revoked_at  INTEGER
) WITHOUT ROWID;
CREATE INDEX invitation_by_workspace ON invitation (workspace);

CREATE TABLE audit (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  at        INTEGER NOT NULL,
  action    TEXT NOT NULL,
  actor     TEXT,                   -- NULL: the operator, or somebody unknown
  workspace INTEGER,
  subject   TEXT,                   -- whom it was done to
  detail    TEXT NOT NULL
);
CREATE INDEX audit_by_workspace ON audit (workspace, id);

-- A replica id belongs to one person for good; every n up to last_n was accepted.
CREATE TABLE replica (
  key       INTEGER PRIMARY KEY,
  workspace INTEGER NOT NULL,
  id        TEXT NOT NULL,
  user      TEXT NOT NULL,
  last_n    INTEGER NOT NULL,
  UNIQUE (workspace, id)
);

-- The answer to each accepted operation, given again when it is pushed again.
CREATE TABLE op_result (
  replica INTEGER NOT NULL, n INTEGER NOT NULL, hash BLOB NOT NULL, sequence INTEGER NOT NULL,
  status  TEXT NOT NULL, code TEXT, conflict TEXT,
  PRIMARY KEY (replica, n)
) WITHOUT ROWID;

-- One row per operation, gapless per workspace. Compaction empties `entry` and keeps the rest: the
-- activity feed reads it. `entry` is last, so that reading the others does not read it.
CREATE TABLE log (
  workspace INTEGER NOT NULL,
  sequence  INTEGER NOT NULL,
  replica   INTEGER NOT NULL,
  n         INTEGER NOT NULL,
  author    TEXT NOT NULL,
  at        INTEGER NOT NULL,
  kind      TEXT NOT NULL,
  status    TEXT NOT NULL,
  target    TEXT NOT NULL,
  node      TEXT,                   -- the node it is about, the document it is in and its title then
  document  TEXT,
  title     TEXT NOT NULL,
  client    TEXT NOT NULL,
  session   TEXT NOT NULL,
  hash      BLOB NOT NULL,
  entry     TEXT
);
CREATE UNIQUE INDEX log_by_sequence ON log (workspace, sequence);

-- Every register that ever changed, and every value that lost; never compacted. The first value of a
-- register has no row: it is the old value of the first change, or the current one.
CREATE TABLE change (
  key       INTEGER PRIMARY KEY,    -- ascending with sequence
  workspace INTEGER NOT NULL,
  sequence  INTEGER NOT NULL,
  node      TEXT NOT NULL,
  document  TEXT NOT NULL,          -- which the node was in
  field     TEXT NOT NULL,
  lost      INTEGER NOT NULL,       -- 1: new_value did not become, or did not stay, the value
  author    TEXT,
  at        INTEGER NOT NULL,
  client    TEXT NOT NULL,
  session   TEXT NOT NULL,
  old_value TEXT,                   -- JSON text of the register; NULL: was never set
  new_value TEXT
);
CREATE INDEX change_by_node ON change (workspace, node, sequence);
CREATE INDEX change_by_document ON change (workspace, document, sequence);

CREATE TABLE node (
  workspace INTEGER NOT NULL,
  id        TEXT NOT NULL,
  document  TEXT NOT NULL,          -- the root above it, or itself
  parent    TEXT,                   -- NULL: the root of a document
  deleted   INTEGER NOT NULL,       -- marked itself; hidden also when an ancestor is
  creator   TEXT,
  edited    INTEGER NOT NULL,       -- sequence of the last edit or change of place
  hash      BLOB NOT NULL,
  state     TEXT NOT NULL
);
CREATE UNIQUE INDEX node_by_id ON node (workspace, id);
CREATE INDEX node_by_parent ON node (workspace, parent);
CREATE INDEX node_by_edit ON node (workspace, edited) WHERE deleted = 0;

-- How many nodes each document holds, deleted ones included.
CREATE TABLE document (
  workspace INTEGER NOT NULL, id TEXT NOT NULL, nodes INTEGER NOT NULL,
  PRIMARY KEY (workspace, id)
) WITHOUT ROWID;

CREATE TABLE relationship (
  workspace INTEGER NOT NULL, id TEXT NOT NULL, from_node TEXT NOT NULL, to_node TEXT NOT NULL,
  deleted   INTEGER NOT NULL, hash BLOB NOT NULL, state TEXT NOT NULL,
  PRIMARY KEY (workspace, id)
) WITHOUT ROWID;
CREATE INDEX relationship_by_from ON relationship (workspace, from_node);
CREATE INDEX relationship_by_to ON relationship (workspace, to_node);

CREATE TABLE comment (
  workspace INTEGER NOT NULL, id TEXT NOT NULL, node TEXT NOT NULL, hash BLOB NOT NULL, state TEXT NOT NULL,
  PRIMARY KEY (workspace, id)
) WITHOUT ROWID;
CREATE INDEX comment_by_node ON comment (workspace, node);

CREATE TABLE conflict (
  workspace INTEGER NOT NULL, id TEXT NOT NULL, node TEXT NOT NULL, resolved INTEGER NOT NULL,
  hash      BLOB NOT NULL, state TEXT NOT NULL,
  PRIMARY KEY (workspace, id)
) WITHOUT ROWID;
CREATE INDEX conflict_by_node ON conflict (workspace, node);

-- Snapshots being downloaded: what they still need is not compacted.
CREATE TABLE snapshot (
  id TEXT PRIMARY KEY, workspace INTEGER NOT NULL, user TEXT NOT NULL, at INTEGER NOT NULL,
  used_at INTEGER NOT NULL
) WITHOUT ROWID;
