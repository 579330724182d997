-- The greatest n of the outbox that was handed to the hub: from then on an operation keeps its content.
-- One number in place of two columns of the outbox, whose rows hold the operations' texts: each was written
-- twice more on its way to the hub.
ALTER TABLE workspace ADD COLUMN sent_n INTEGER NOT NULL DEFAULT 0;
UPDATE workspace SET sent_n = coalesce((SELECT max(n) FROM outbox WHERE workspace = workspace.key AND sent = 1), 0);
ALTER TABLE outbox DROP COLUMN state;
ALTER TABLE outbox DROP COLUMN sent;
