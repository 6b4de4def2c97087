/**
 * The schema, one SQL text a version, applied in order and never changed once released: the file's
 * `user_version` is the number of texts it has seen.
 *
 * What changes is small (`task`), what is large is written once (`plan`, `journal`): a claim, a heartbeat or
 * an end rewrites a few dozen bytes. JSON columns hold what no query asks for. The journal is appended to at
 * its end, a row an append: keyed by task it would cost four times as much.
 */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE delegation (
     n INTEGER PRIMARY KEY,
     id TEXT NOT NULL UNIQUE,
     created_at INTEGER NOT NULL,
     body TEXT NOT NULL -- DelegationRecord without its tasks
   ) STRICT;
   CREATE TABLE task (
     n INTEGER PRIMARY KEY,
     id TEXT NOT NULL UNIQUE,
     delegation INTEGER NOT NULL,
     position INTEGER NOT NULL,
     status TEXT NOT NULL DEFAULT 'queued',
     attempt INTEGER NOT NULL DEFAULT 0,
     owner TEXT,
     lease_until INTEGER,
     started_at INTEGER,
     ended_at INTEGER,
     result INTEGER -- the journal row that has it
   ) STRICT;
   CREATE INDEX task_by_delegation ON task (delegation DESC, position);
   CREATE INDEX task_open ON task (owner) WHERE ended_at IS NULL;
   CREATE TABLE plan (task INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
   CREATE TABLE journal (
     n INTEGER PRIMARY KEY,
     task INTEGER NOT NULL,
     attempt INTEGER NOT NULL,
     at INTEGER NOT NULL,
     entries TEXT NOT NULL, -- JournalEntry[]
     result TEXT -- TaskResult, in the row that ends the task
   ) STRICT;
   CREATE INDEX journal_by_task ON journal (task);`,

  // Delegations form trees; open tasks can be told something; background results wait to be acknowledged.
  `ALTER TABLE delegation ADD COLUMN root INTEGER; -- the outermost delegation; NULL = itself
   ALTER TABLE delegation ADD COLUMN parent INTEGER; -- the task that delegated
   ALTER TABLE delegation ADD COLUMN undelivered TEXT; -- the surface whose background results nobody has acknowledged
   CREATE INDEX delegation_by_root ON delegation (root) WHERE root IS NOT NULL;
   CREATE INDEX delegation_by_parent ON delegation (parent) WHERE parent IS NOT NULL;
   CREATE INDEX delegation_undelivered ON delegation (n) WHERE undelivered IS NOT NULL;
   CREATE TABLE control (
     n INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again: processes remember how far they have read
     task INTEGER NOT NULL,
     kind TEXT NOT NULL,
     body TEXT NOT NULL, -- Ask
     turn INTEGER -- of a steer that was delivered
   ) STRICT;
   CREATE INDEX control_by_task ON control (task);`,

  // Small values that all processes share: rate limits and budgets.
  `CREATE TABLE shared (name TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;`,
];
