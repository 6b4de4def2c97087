/**
 * The schema, one SQL text a version, applied in order and never changed once released: the file's
 * `user_version` is the number of texts it has seen.
 *
 * What changes often is small (`task`), what is large is written once (`plan`, `journal`, `result`):
 * a claim, a heartbeat or an end rewrites a few dozen bytes. JSON columns hold what no query asks for.
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
     ended_at INTEGER
   ) STRICT;
   CREATE INDEX task_by_delegation ON task (delegation DESC, position);
   CREATE INDEX task_open ON task (owner) WHERE ended_at IS NULL;
   CREATE TABLE plan (task INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
   CREATE TABLE result (task INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
   CREATE TABLE journal (
     seq INTEGER PRIMARY KEY,
     task INTEGER NOT NULL,
     attempt INTEGER NOT NULL,
     at INTEGER NOT NULL,
     entry TEXT NOT NULL
   ) STRICT;
   CREATE INDEX journal_by_task ON journal (task);`,
];
