-- The short name of a team in addresses and commands: unique among those that are not deleted.
ALTER TABLE workspace ADD COLUMN slug TEXT; -- NULL: a personal workspace
UPDATE workspace SET slug = id WHERE kind = 'team';
CREATE UNIQUE INDEX workspace_by_slug ON workspace (slug) WHERE deleted_at IS NULL;

CREATE INDEX audit_by_time ON audit (at);
