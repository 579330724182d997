-- Who was removed or left: their names stay with what they wrote.
ALTER TABLE member ADD COLUMN is_former INTEGER NOT NULL DEFAULT 0;
