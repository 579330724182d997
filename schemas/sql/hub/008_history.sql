-- What one person wrote, all of it or in one session of an agent.
CREATE INDEX log_by_author ON log (workspace, author, sequence);
CREATE INDEX log_by_session ON log (workspace, author, session, sequence) WHERE session <> '';
-- Which nodes of a document changed in a range, or were made in it, told by the indexes alone.
DROP INDEX change_by_document;
CREATE INDEX change_by_document ON change (workspace, document, sequence, node);
CREATE INDEX log_of_creations ON log (workspace, document, sequence, node) WHERE kind = 'create';
