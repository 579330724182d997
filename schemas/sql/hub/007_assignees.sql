-- Whose task a node is: the lists of what is assigned to somebody, last edited first.
ALTER TABLE node ADD COLUMN assignee TEXT; -- NULL: nobody's
UPDATE node SET assignee = json_extract(state, '$.f.assignee[1]');
CREATE INDEX node_by_assignee ON node (workspace, assignee, edited) WHERE assignee IS NOT NULL;
