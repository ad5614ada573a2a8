-- State of runs: who may work (lease), what is under way (runs, chunks), how far the mirrors are (checkpoints),
-- and what was set aside (quarantine, skipped rows). Rule numbers (C1 …) are those of docs/correctness.md.

CREATE TABLE syncline.store_identity (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  incarnation integer NOT NULL DEFAULT 1
);
INSERT INTO syncline.store_identity DEFAULT VALUES;

CREATE TABLE syncline.sync_run (
  id text PRIMARY KEY,
  pipeline text NOT NULL,
  mode text NOT NULL CHECK (mode IN ('full', 'incremental')),
  trigger text NOT NULL,
  requested_by text,
  source text NOT NULL,
  source_kind text NOT NULL,
  status text NOT NULL DEFAULT 'RUNNING' CHECK (status IN ('RUNNING', 'SUCCESS', 'PARTIAL', 'FAILED', 'CANCELLED')),
  workflow_id text NOT NULL,
  workflow_run_id text NOT NULL,
  config_hash text NOT NULL,
  input jsonb NOT NULL DEFAULT '{}',
  fence bigint NOT NULL,
  paused_at timestamptz,
  paused_by text,
  cancel_requested_at timestamptz,
  cancel_requested_by text,
  degraded jsonb NOT NULL DEFAULT '[]',
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz,
  error jsonb
);
CREATE INDEX sync_run_by_pipeline ON syncline.sync_run (pipeline, started_at DESC);
CREATE INDEX sync_run_open ON syncline.sync_run (pipeline) WHERE status = 'RUNNING';

-- Counters of a run's work live on its chunks and steps (sync_chunk.counts), where lanes do not contend for one row;
-- they are summed here when the entity ends.
CREATE TABLE syncline.sync_run_entity (
  run_id text NOT NULL REFERENCES syncline.sync_run ON DELETE CASCADE,
  entity text NOT NULL,
  mode text NOT NULL CHECK (mode IN ('full', 'incremental')),
  status text NOT NULL DEFAULT 'RUNNING' CHECK (status IN ('RUNNING', 'SUCCESS', 'PARTIAL', 'FAILED', 'CANCELLED', 'SKIPPED')),
  estimated_rows bigint NOT NULL DEFAULT 0,
  first_load boolean NOT NULL DEFAULT false,
  fetched bigint NOT NULL DEFAULT 0,
  inserted bigint NOT NULL DEFAULT 0,
  updated bigint NOT NULL DEFAULT 0,
  unchanged bigint NOT NULL DEFAULT 0,
  skipped bigint NOT NULL DEFAULT 0,
  tombstoned bigint NOT NULL DEFAULT 0,
  quarantined bigint NOT NULL DEFAULT 0,
  late_rows bigint NOT NULL DEFAULT 0,
  refreshed bigint NOT NULL DEFAULT 0,
  null_changed_at bigint NOT NULL DEFAULT 0,
  future_changed_at bigint NOT NULL DEFAULT 0,
  watermark_from text,
  watermark_to text,
  -- The source as the run met it: what the checkpoint says if the run gets through (C2).
  source_identity text NOT NULL,
  -- The checkpoint that the run began with, NULL when there was none (C4), and what a full run fills every row by.
  checkpoint_version bigint,
  filled_by jsonb NOT NULL DEFAULT '[]',
  degraded jsonb NOT NULL DEFAULT '[]',
  errors integer NOT NULL DEFAULT 0,
  error jsonb,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz,
  PRIMARY KEY (run_id, entity)
);
CREATE INDEX sync_run_entity_by_entity ON syncline.sync_run_entity (entity, started_at DESC);

-- One unit of claimable work: a key range of a full run (kind 'range'), or the entity's stream of changes
-- (kind 'changes', one row a run and entity). `attempt` is the fence token of its claim (C4).
CREATE TABLE syncline.sync_chunk (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_id text NOT NULL,
  entity text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('range', 'changes')),
  seq integer NOT NULL,
  lower text,
  upper text,
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'running', 'done', 'failed')),
  attempt integer NOT NULL DEFAULT 0,
  failures integer NOT NULL DEFAULT 0,
  worker text,
  lease_until timestamptz,
  resume_after text,
  -- C2: frozen before the first read of the range; the lowest one is where the catch-up starts.
  watermark text,
  -- C5: false once a key could not be read, so that the range's missing keys prove nothing.
  keys_complete boolean NOT NULL DEFAULT true,
  counts jsonb NOT NULL DEFAULT '{}',
  error jsonb,
  UNIQUE (run_id, entity, kind, seq),
  FOREIGN KEY (run_id, entity) REFERENCES syncline.sync_run_entity ON DELETE CASCADE
);
CREATE INDEX sync_chunk_claimable ON syncline.sync_chunk (run_id, entity, kind, seq) WHERE state <> 'done';

-- C5: keys of the mirror that the source did not show.
CREATE TABLE syncline.delete_candidate (
  run_id text NOT NULL,
  entity text NOT NULL,
  key text COLLATE "C" NOT NULL,
  PRIMARY KEY (run_id, entity, key),
  FOREIGN KEY (run_id, entity) REFERENCES syncline.sync_run_entity ON DELETE CASCADE
);

-- C5: every key that the source showed, for sources whose key order is not proved.
CREATE TABLE syncline.seen_key (
  run_id text NOT NULL,
  entity text NOT NULL,
  key text COLLATE "C" NOT NULL,
  PRIMARY KEY (run_id, entity, key),
  FOREIGN KEY (run_id, entity) REFERENCES syncline.sync_run_entity ON DELETE CASCADE
);

CREATE TABLE syncline.checkpoint (
  entity text PRIMARY KEY,
  pipeline text NOT NULL,
  watermark text,
  source_identity text NOT NULL,
  -- The source's columns as of the last run, for drift (C21).
  source_columns jsonb NOT NULL,
  -- Hash of what decides which rows belong to the entity (read, where, key): a change forbids deletes outside it.
  read_hash text NOT NULL,
  -- What a full run has filled every row by, columns and rules: something new among them needs another full run.
  filled_by jsonb NOT NULL DEFAULT '[]',
  needs_full boolean NOT NULL DEFAULT false,
  needs_full_at timestamptz,
  version bigint NOT NULL DEFAULT 1,
  run_id text NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- C1: keys to read again, because a load met a newer row of the mirror, or an upload wrote the row.
CREATE TABLE syncline.refresh (
  entity text NOT NULL,
  key text COLLATE "C" NOT NULL,
  enqueued_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  reason text NOT NULL,
  PRIMARY KEY (entity, key)
);

CREATE TABLE syncline.quarantine (
  entity text NOT NULL,
  key text COLLATE "C" NOT NULL,
  pipeline text NOT NULL,
  reason text NOT NULL,
  severity text NOT NULL CHECK (severity IN ('warning', 'error', 'critical')),
  detail text NOT NULL,
  payload jsonb NOT NULL,
  run_id text NOT NULL,
  occurrences integer NOT NULL DEFAULT 1,
  first_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (entity, key)
);

-- C23: who survived in a bucket of equal rows, and who was skipped for it.
CREATE TABLE syncline.dedupe_survivor (
  scope text NOT NULL,
  fingerprint uuid NOT NULL,
  bucket bigint NOT NULL,
  entity text NOT NULL,
  key text COLLATE "C" NOT NULL,
  at timestamptz NOT NULL,
  -- Of a shared mirror: a survivor that is displaced is tombstoned there, by whichever entity displaces it.
  sync_source text,
  PRIMARY KEY (fingerprint, bucket, scope)
);
CREATE INDEX dedupe_survivor_by_key ON syncline.dedupe_survivor (entity, key);

CREATE TABLE syncline.skipped_row (
  entity text NOT NULL,
  key text COLLATE "C" NOT NULL,
  survivor_entity text NOT NULL,
  survivor_key text COLLATE "C" NOT NULL,
  scope text NOT NULL,
  fingerprint uuid NOT NULL,
  bucket bigint NOT NULL,
  at timestamptz NOT NULL,
  run_id text NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (entity, key)
);
CREATE INDEX skipped_row_by_group ON syncline.skipped_row (fingerprint, bucket, scope);

-- C16: one run of a pipeline works at a time. Times are the database's.
CREATE TABLE syncline.lease (
  pipeline text PRIMARY KEY,
  holder text,
  fence bigint NOT NULL DEFAULT 0,
  expires_at timestamptz,
  -- A full run that waits: increments yield to it until this time.
  waiting_full text,
  waiting_until timestamptz
);

-- The breaker of a source, and the real failures that its retries count.
CREATE TABLE syncline.source_state (
  source text PRIMARY KEY,
  failures integer NOT NULL DEFAULT 0,
  last_error jsonb,
  last_failure_at timestamptz,
  open_until timestamptz,
  probe_holder text,
  probe_until timestamptz
);

-- limits.concurrency: one row per connection in use, over all workers.
CREATE TABLE syncline.source_slot (
  source text NOT NULL,
  slot integer NOT NULL,
  holder text NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (source, slot)
);

CREATE TABLE syncline.change_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  entity text NOT NULL,
  key text COLLATE "C" NOT NULL,
  change jsonb NOT NULL,
  changed_by text,
  origin text,
  hlc text COLLATE "C",
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
