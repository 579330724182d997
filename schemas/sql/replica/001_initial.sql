-- The replica: one SQLite file per machine and hub account, shared by all memsync processes of it.
--
-- What is visible (node, relationship, comment, conflict) = what the hub confirmed + the outbox on top.
-- `base` keeps the confirmed state of exactly those items that the outbox changed, so that a confirmed
-- change can be installed below it and the outbox replayed. Every other item is confirmed as it stands.
--
-- Items live in a `space`: one generation of one workspace. A snapshot fills a new space and becomes
-- visible by changing workspace.space, in one row; the old space is emptied afterwards.
-- `state` is the JSON text of src/wire/effect_codec.h; `hash` guards it against damage; the other
-- columns repeat parts of it for lists and filters. Ids are Crockford base32 text, sequences int64 bit
-- patterns of uint64, times milliseconds since 1970.

CREATE TABLE store (
  one          INTEGER PRIMARY KEY CHECK (one = 1),
  hub          TEXT,              -- base URL of the hub this store is bound to; NULL: none yet
  user         TEXT,              -- whose store it is on that hub
  user_name    TEXT,
  user_email   TEXT,
  clock        INTEGER NOT NULL,  -- the greatest hybrid logical clock seen or given
  clock_offset INTEGER NOT NULL,  -- hub time minus own time, milliseconds
  next_space   INTEGER NOT NULL,
  generation   INTEGER NOT NULL   -- of the leader: a superseded leader finds a greater one and stops
);

CREATE TABLE workspace (
  key      INTEGER PRIMARY KEY,
  id       TEXT NOT NULL UNIQUE,
  kind     TEXT NOT NULL,              -- local, personal, team
  name     TEXT NOT NULL,
  role     TEXT NOT NULL,              -- last known; the hub decides
  strategy TEXT NOT NULL,
  space    INTEGER NOT NULL UNIQUE,
  replica  TEXT NOT NULL,
  next_n   INTEGER NOT NULL,
  epoch    INTEGER NOT NULL,           -- 0: never met the hub
  cursor   INTEGER NOT NULL,
  head     INTEGER NOT NULL,           -- the hub's, as last heard
  state    TEXT NOT NULL,              -- live, unknown_to_hub
  staging  INTEGER,                    -- the space a snapshot is being filled into
  staging_session TEXT, staging_key TEXT, staging_epoch INTEGER, staging_at INTEGER, staging_cursor INTEGER, staging_end INTEGER,
  staging_contains TEXT                -- JSON list of outbox numbers the snapshot holds
);

CREATE TABLE member (
  workspace INTEGER NOT NULL, user TEXT NOT NULL, name TEXT NOT NULL, email TEXT NOT NULL, role TEXT NOT NULL,
  PRIMARY KEY (workspace, user)
) WITHOUT ROWID;

CREATE TABLE node (
  row        INTEGER PRIMARY KEY,     -- also the rowid of its search index entries
  space      INTEGER NOT NULL,
  id         TEXT NOT NULL,
  document   TEXT NOT NULL,           -- id of the root above it
  parent     TEXT NOT NULL,           -- '' for the root of a document
  sibling_key TEXT NOT NULL,
  deleted    INTEGER NOT NULL,        -- marked itself; hidden also when an ancestor is
  edited     INTEGER NOT NULL,        -- sequence of the last edit or move
  kind       TEXT NOT NULL,
  type       TEXT NOT NULL,
  title      TEXT NOT NULL,
  completed  INTEGER NOT NULL,
  assignee   TEXT NOT NULL,
  author     TEXT NOT NULL,           -- who created it
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,        -- of the newest register
  updated_by TEXT NOT NULL,
  indexed    INTEGER NOT NULL,        -- 0: not yet in the search index
  state      TEXT NOT NULL,
  hash       BLOB NOT NULL
);
CREATE UNIQUE INDEX node_by_id ON node (space, id);
CREATE INDEX node_by_parent ON node (space, parent, sibling_key, id, deleted);
CREATE INDEX node_by_document ON node (space, document, deleted, updated_at);
CREATE INDEX document_by_title ON node (space, title) WHERE parent = '';
CREATE INDEX node_by_edit ON node (space, edited);
CREATE INDEX node_unindexed ON node (space) WHERE indexed = 0;

-- How many nodes of a document are not deleted, its root included: counting 100,000 index entries for
-- every new node would cost milliseconds.
CREATE TABLE document_size (
  space INTEGER NOT NULL, document TEXT NOT NULL, nodes INTEGER NOT NULL,
  PRIMARY KEY (space, document)
) WITHOUT ROWID;
CREATE TRIGGER node_counted AFTER INSERT ON node WHEN new.deleted = 0 BEGIN
  INSERT INTO document_size VALUES (new.space, new.document, 1)
    ON CONFLICT (space, document) DO UPDATE SET nodes = nodes + 1;
END;
CREATE TRIGGER node_recounted AFTER UPDATE OF document, deleted ON node
WHEN old.document <> new.document OR old.deleted <> new.deleted BEGIN
  UPDATE document_size SET nodes = nodes - 1
    WHERE space = old.space AND document = old.document AND old.deleted = 0;
  INSERT INTO document_size SELECT new.space, new.document, 1 WHERE new.deleted = 0
    ON CONFLICT (space, document) DO UPDATE SET nodes = nodes + 1;
END;
CREATE TRIGGER node_uncounted AFTER DELETE ON node WHEN old.deleted = 0 BEGIN
  UPDATE document_size SET nodes = nodes - 1 WHERE space = old.space AND document = old.document;
  DELETE FROM document_size WHERE space = old.space AND document = old.document AND nodes <= 0;
END;

CREATE TABLE relationship (
  space INTEGER NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL, from_node TEXT NOT NULL, to_node TEXT NOT NULL,
  deleted INTEGER NOT NULL, state TEXT NOT NULL, hash BLOB NOT NULL,
  PRIMARY KEY (space, id)
) WITHOUT ROWID;
CREATE INDEX relationship_by_from ON relationship (space, from_node);
CREATE INDEX relationship_by_to ON relationship (space, to_node);

CREATE TABLE comment (
  space INTEGER NOT NULL, id TEXT NOT NULL, node TEXT NOT NULL, state TEXT NOT NULL, hash BLOB NOT NULL,
  PRIMARY KEY (space, id)
) WITHOUT ROWID;
CREATE INDEX comment_by_node ON comment (space, node);

CREATE TABLE conflict (
  space INTEGER NOT NULL, id TEXT NOT NULL, node TEXT NOT NULL, resolved INTEGER NOT NULL, state TEXT NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (space, id)
) WITHOUT ROWID;
CREATE INDEX conflict_open ON conflict (space, node) WHERE resolved = 0;

-- The confirmed state of items that the outbox changed; state NULL: the hub does not know the item yet.
CREATE TABLE base (
  space INTEGER NOT NULL, item TEXT NOT NULL, id TEXT NOT NULL, state TEXT, hash BLOB,
  PRIMARY KEY (space, item, id)        -- item: node, relationship, comment, conflict
) WITHOUT ROWID;

-- Operations the hub has not acknowledged through its log. An operation leaves only in the transaction
-- that applies its own log entry or a snapshot that holds it.
CREATE TABLE outbox (
  workspace INTEGER NOT NULL, n INTEGER NOT NULL, hash BLOB NOT NULL, kind TEXT NOT NULL, target TEXT NOT NULL,
  node TEXT NOT NULL,                  -- the node it changes ('' for none)
  document TEXT NOT NULL,              -- where that node is
  other_document TEXT NOT NULL,        -- where it was when the operation was written; '' when that is the same
  tx TEXT NOT NULL, at INTEGER NOT NULL,
  state TEXT NOT NULL,                 -- queued, sent (the hub answered; its log entry is awaited), parked
  sent INTEGER NOT NULL,               -- 1: was sent at least once; its strategy is fixed then
  operation TEXT NOT NULL,
  PRIMARY KEY (workspace, n)
) WITHOUT ROWID;
CREATE INDEX outbox_by_node ON outbox (workspace, node);
CREATE INDEX outbox_by_document ON outbox (workspace, document);
CREATE INDEX outbox_by_other_document ON outbox (workspace, other_document) WHERE other_document <> '';

-- Which items each outbox operation changed when it was applied locally.
CREATE TABLE touch (
  workspace INTEGER NOT NULL, item TEXT NOT NULL, id TEXT NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY (workspace, item, id, n)
) WITHOUT ROWID;
CREATE INDEX touch_by_operation ON touch (workspace, n);

-- Operations the hub refused for good; kept until the person retries, exports or discards them.
CREATE TABLE rejected (
  workspace INTEGER NOT NULL, n INTEGER NOT NULL, replica TEXT NOT NULL, kind TEXT NOT NULL, node TEXT NOT NULL,
  code TEXT NOT NULL, at INTEGER NOT NULL, operation TEXT NOT NULL,
  PRIMARY KEY (workspace, replica, n)
) WITHOUT ROWID;

-- Acknowledged operations of the last 7 days, at most 10,000: they refill a hub restored from a backup.
CREATE TABLE acknowledged (
  workspace INTEGER NOT NULL, replica TEXT NOT NULL, n INTEGER NOT NULL, at INTEGER NOT NULL, operation TEXT NOT NULL,
  PRIMARY KEY (workspace, replica, n)
) WITHOUT ROWID;

-- What was unsent in a workspace this person was removed from; theirs to export.
CREATE TABLE quarantine (
  workspace TEXT NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL, operation TEXT NOT NULL
);

-- History: what happened, and to which field.
CREATE TABLE log (
  workspace INTEGER NOT NULL, sequence INTEGER NOT NULL, epoch INTEGER NOT NULL, replica TEXT NOT NULL,
  n INTEGER NOT NULL, kind TEXT NOT NULL, target TEXT NOT NULL, node TEXT NOT NULL, document TEXT NOT NULL,
  title TEXT NOT NULL,                 -- of the node at that time, for activity lines
  author TEXT NOT NULL, client TEXT NOT NULL, session TEXT NOT NULL, project TEXT NOT NULL,
  at INTEGER NOT NULL, tx TEXT NOT NULL, status TEXT NOT NULL, code TEXT NOT NULL,
  PRIMARY KEY (workspace, sequence)
) WITHOUT ROWID;
CREATE INDEX log_by_node ON log (workspace, node, sequence);
CREATE INDEX log_by_document ON log (workspace, document, sequence);
CREATE INDEX log_by_session ON log (workspace, session, sequence);

CREATE TABLE change (
  workspace INTEGER NOT NULL, sequence INTEGER NOT NULL, node TEXT NOT NULL, field TEXT NOT NULL,
  lost INTEGER NOT NULL,               -- 1: `new_value` did not become, or did not stay, the value
  old_value TEXT, new_value TEXT,      -- JSON text of the register; NULL: was never set, or not known
  PRIMARY KEY (workspace, sequence, node, field, lost)
) WITHOUT ROWID;
CREATE INDEX change_by_node ON change (workspace, node, field, sequence);

-- Which workspace a project uses.
CREATE TABLE project (identity TEXT PRIMARY KEY, workspace TEXT NOT NULL) WITHOUT ROWID;

-- Search: prose with stemming, where a little of what stands around a node (the title above it, the
-- sibling before it) is `context`; identifiers, paths and acronyms as they are written. Deleted nodes are
-- in none of these tables. With automerge at 8 a commit writes half as many pages as with the default 4.
CREATE VIRTUAL TABLE prose USING fts5 (
  title, tags, content, context, tokenize = 'porter unicode61 remove_diacritics 2'
);
INSERT INTO prose (prose, rank) VALUES ('automerge', 8);
CREATE VIRTUAL TABLE identifier USING fts5 (text, tokenize = "unicode61 remove_diacritics 2 tokenchars '_-./:#@+$'");
INSERT INTO identifier (identifier, rank) VALUES ('automerge', 8);

-- Near duplicates: nodes that share a hash have the same text, the same words in the title, or probably
-- many words in common (src/replica/similarity.h).
CREATE TABLE similarity (
  hash INTEGER NOT NULL, row INTEGER NOT NULL,
  PRIMARY KEY (hash, row)
) WITHOUT ROWID;
