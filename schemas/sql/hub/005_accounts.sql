-- Signing in by password, and from a terminal through a browser.

-- One sign-in, until it is signed out. `secret` is the SHA-256 of its one current refresh token or, of a
-- browser, of its cookie.
CREATE TABLE session (
  id         TEXT PRIMARY KEY,
  user       TEXT NOT NULL,
  kind       TEXT NOT NULL,         -- tokens, browser
  client     TEXT NOT NULL,         -- as it named itself
  secret     BLOB NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  used_at    INTEGER NOT NULL,      -- to the minute
  expires_at INTEGER NOT NULL,
  ended_at   INTEGER
) WITHOUT ROWID;
CREATE INDEX session_by_user ON session (user);

-- Refresh tokens that were exchanged for a new one. Whoever shows one again has a copy: the session ends.
CREATE TABLE spent_refresh (
  hash BLOB PRIMARY KEY, session TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX spent_refresh_by_session ON spent_refresh (session);

-- What access tokens are signed with: Ed25519. The newest one signs, older ones verify.
CREATE TABLE signing_key (
  id TEXT PRIMARY KEY, seed BLOB NOT NULL, created_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Terminals that wait for somebody to allow them in a browser.
CREATE TABLE device_request (
  hash       BLOB PRIMARY KEY,      -- of what the terminal asks with
  user_code  TEXT NOT NULL UNIQUE,  -- what the person types
  client     TEXT NOT NULL,
  address    TEXT NOT NULL,
  state      TEXT NOT NULL,         -- waiting, allowed, denied
  user       TEXT,                  -- who decided
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;

ALTER TABLE token ADD COLUMN used_at INTEGER; -- to ten minutes; NULL: never
