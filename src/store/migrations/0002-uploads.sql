-- What devices send, what was decided about it, and what people still have to decide. Rows of these tables hold values
-- of rows: they are read by name only, never printed whole.

-- Every process that stamps clocks takes a node of its own at its start; none is ever used twice.
CREATE SEQUENCE syncline.clock_node;

CREATE TABLE syncline.device (
  id text COLLATE "C" PRIMARY KEY,
  user_name text,
  app_version text,
  registered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_push_at timestamptz,
  revoked_at timestamptz,
  revoked_by text
);

-- One request of a device, under the key by which it may be repeated.
CREATE TABLE syncline.upload (
  device text COLLATE "C" NOT NULL REFERENCES syncline.device,
  key text COLLATE "C" NOT NULL,
  -- Of the request's body: the same key with another body is refused.
  sha256 text NOT NULL,
  user_name text,
  -- As they were at receipt; checked again when a mutation is applied (C13).
  permissions jsonb NOT NULL DEFAULT '[]',
  mutations integer NOT NULL,
  state text NOT NULL DEFAULT 'staged' CHECK (state IN ('staged', 'done')),
  workflow_id text NOT NULL,
  received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz,
  -- How often the sweep has started its workflow, and when it may again (C10).
  starts integer NOT NULL DEFAULT 0,
  start_after timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (device, key)
);
-- C10: staged uploads, for the sweep.
CREATE INDEX upload_staged ON syncline.upload (received_at) WHERE state = 'staged';

-- C11: mutations of one row are applied in the order of `ordinal`, whoever sent them.
CREATE TABLE syncline.mutation (
  ordinal bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  device text COLLATE "C" NOT NULL,
  upload_key text COLLATE "C" NOT NULL,
  seq integer NOT NULL,
  -- The device's own, or a hash of what it says; unique for the device.
  id text COLLATE "C" NOT NULL,
  entity text NOT NULL,
  -- The row's id on the wire: the device's own for a row that it made, else the encoded key.
  row_id text COLLATE "C" NOT NULL,
  operation text NOT NULL CHECK (operation IN ('insert', 'update', 'delete')),
  -- As it came: values, base, operations, clocks. NULL when it could not be kept; the verdict says why.
  body jsonb,
  -- Mutations of one group are applied all or not at all.
  group_name text,
  -- Lower ones first, among rows; the order within a row stays.
  priority integer NOT NULL DEFAULT 0,
  -- Clock of receipt, for mutations without one of their own.
  received_hlc text COLLATE "C" NOT NULL,
  -- 'parked': behind a conflict of its row, or of the row that it depends on (C17).
  state text NOT NULL DEFAULT 'staged' CHECK (state IN ('staged', 'parked', 'held', 'done')),
  conflict_id text COLLATE "C",
  -- Its device was answered before it was decided: whatever differs from what was sent has to reach it by the row (C9).
  told boolean NOT NULL DEFAULT false,
  -- How often its write was sent to the source. Each try has a ledger key of its own; the last one is settled before the
  -- next (C12).
  attempt integer NOT NULL DEFAULT 0,
  -- What the last try was to write, for when its outcome is heard only later.
  attempted jsonb,
  -- What the device is told, JSON without values of other people's rows.
  verdict jsonb,
  decided_at timestamptz,
  FOREIGN KEY (device, upload_key) REFERENCES syncline.upload ON DELETE CASCADE,
  UNIQUE (device, id)
);
CREATE INDEX mutation_of_upload ON syncline.mutation (device, upload_key, ordinal) WHERE state <> 'done';
-- For people who ask how a row came to be, and for what a device sends again (C11).
CREATE INDEX mutation_story ON syncline.mutation (entity, row_id, ordinal);
CREATE INDEX mutation_of_row ON syncline.mutation (entity, row_id, ordinal) WHERE state <> 'done';
CREATE INDEX mutation_of_conflict ON syncline.mutation (conflict_id, ordinal) WHERE state <> 'done';

-- What an upload consists of. A mutation that was sent before, in another upload, is not staged again: both have its verdict.
CREATE TABLE syncline.upload_line (
  device text COLLATE "C" NOT NULL,
  upload_key text COLLATE "C" NOT NULL,
  seq integer NOT NULL,
  mutation text COLLATE "C" NOT NULL,
  group_name text,
  PRIMARY KEY (device, upload_key, seq),
  FOREIGN KEY (device, upload_key) REFERENCES syncline.upload ON DELETE CASCADE
);

-- C11: what a device got accepted of a row, from which base: its next change from the same base is compared with this.
CREATE TABLE syncline.accepted (
  device text COLLATE "C" NOT NULL,
  entity text NOT NULL,
  row_id text COLLATE "C" NOT NULL,
  base_hash text NOT NULL,
  fields jsonb NOT NULL,
  ordinal bigint NOT NULL,
  PRIMARY KEY (device, entity, row_id)
);

-- A row that was made offline keeps the id that its device gave it; the source gave it its key.
CREATE TABLE syncline.row_id (
  entity text NOT NULL,
  id text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  device text COLLATE "C" NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (entity, id)
);
-- Of several ids, when devices made one row under the same key, the last one counts for new mutations.
CREATE INDEX row_id_by_key ON syncline.row_id (entity, key, at DESC);

-- A mutation that waits for a decision. It holds its row against devices until it is closed.
CREATE TABLE syncline.conflict (
  id text COLLATE "C" PRIMARY KEY,
  entity text NOT NULL,
  row_id text COLLATE "C" NOT NULL,
  mutation bigint NOT NULL UNIQUE REFERENCES syncline.mutation ON DELETE CASCADE,
  device text COLLATE "C" NOT NULL,
  user_name text,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
  round integer NOT NULL DEFAULT 1,
  -- What clashed: kind, fields, reason, role; and both sides with their base. The row's values live here only.
  clash jsonb NOT NULL,
  base jsonb,
  client jsonb NOT NULL,
  server jsonb,
  server_version text,
  assigned_to text,
  workflow_id text NOT NULL,
  -- NULL until its workflow was started (C10).
  started_at timestamptz,
  -- Where its approval stands after so many steps; NULL before the first. A workflow that was lost goes on from here.
  approval jsonb,
  step integer NOT NULL DEFAULT 0,
  -- How often the sweep has started its workflow, and when it may again.
  starts integer NOT NULL DEFAULT 0,
  start_after timestamptz NOT NULL DEFAULT clock_timestamp(),
  opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  closed_at timestamptz,
  -- How it ended, for people: decided, expired, withdrawn; by whom.
  outcome jsonb
);
CREATE UNIQUE INDEX conflict_holds ON syncline.conflict (entity, row_id) WHERE state = 'open';
CREATE INDEX conflict_unstarted ON syncline.conflict (opened_at) WHERE state = 'open' AND started_at IS NULL;

-- What was said about a conflict, in order: insert only.
CREATE TABLE syncline.conflict_event (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  conflict_id text COLLATE "C" NOT NULL REFERENCES syncline.conflict ON DELETE CASCADE,
  round integer NOT NULL,
  event text NOT NULL,
  said_by text,
  detail jsonb NOT NULL DEFAULT '{}',
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX conflict_event_of ON syncline.conflict_event (conflict_id, id);

-- What was said to a conflict by somebody whose name is known here: Temporal carries the id only, since it proves no name.
CREATE TABLE syncline.signed_message (
  id uuid PRIMARY KEY,
  conflict_id text COLLATE "C" NOT NULL REFERENCES syncline.conflict ON DELETE CASCADE,
  message text NOT NULL CHECK (message IN ('decide', 'assign', 'comment', 'withdraw')),
  input jsonb NOT NULL,
  who jsonb NOT NULL,
  signed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- The update that brought it: nobody sends it once more.
  used_by text,
  used_at timestamptz
);
CREATE INDEX signed_message_of ON syncline.signed_message (conflict_id);

-- What people are to be told of a conflict outside of this database, until all channels have it: names and keys only.
CREATE TABLE syncline.notification (
  id text COLLATE "C" PRIMARY KEY,
  conflict_id text COLLATE "C" NOT NULL REFERENCES syncline.conflict ON DELETE CASCADE,
  content jsonb NOT NULL,
  -- Deliveries that a later try leaves alone.
  settled jsonb NOT NULL DEFAULT '[]',
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'given up')),
  attempts integer NOT NULL DEFAULT 0,
  -- Also set ahead while somebody is at it.
  try_after timestamptz NOT NULL DEFAULT clock_timestamp(),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  closed_at timestamptz,
  -- Why not everybody was told, by the last try; without values.
  problem text
);
CREATE INDEX notification_open ON syncline.notification (try_after) WHERE state = 'open';
CREATE INDEX notification_closed ON syncline.notification (closed_at) WHERE state <> 'open';
CREATE INDEX notification_of ON syncline.notification (conflict_id);

CREATE TABLE syncline.task (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL,
  title text NOT NULL,
  entity text NOT NULL,
  row_id text COLLATE "C" NOT NULL,
  conflict_id text COLLATE "C",
  -- One task for one cause, however often the work that makes it is repeated.
  cause text COLLATE "C" NOT NULL UNIQUE,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
  opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  closed_at timestamptz,
  closed_by text
);
CREATE INDEX task_open ON syncline.task (opened_at) WHERE state = 'open';

-- Rows that a rule kept before they were replaced.
CREATE TABLE syncline.backup (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  entity text NOT NULL,
  row_id text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  row_before jsonb NOT NULL,
  rule text NOT NULL,
  cause text COLLATE "C" NOT NULL UNIQUE,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  restored_at timestamptz,
  restored_by text
);

-- Insert only; one line for one cause.
ALTER TABLE syncline.change_log ADD COLUMN cause text COLLATE "C" UNIQUE;
CREATE INDEX change_log_of_row ON syncline.change_log (entity, key, id);

-- Edits of mirrors by SQL, staged by the mirrors' triggers (src/store/mirror-edits.ts). One upload for a transaction.
CREATE SEQUENCE syncline.mirror_edit AS integer CYCLE;

CREATE FUNCTION syncline.stage_edit(entity text, row_id text, operation text, person text, body jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $edit$
DECLARE
  -- Names that a workflow's id would have to encode stand as their hash; user_name has them as they are.
  who constant text := 'sql:' || CASE WHEN person ~ '^[A-Za-z0-9._-]{1,60}$' THEN person ELSE md5(person) END;
  upload_key constant text := (SELECT incarnation FROM syncline.store_identity) || '.' || pg_current_xact_id();
  seq constant integer := nextval('syncline.mirror_edit');
  mutation constant text := upload_key || '/' || seq;
  -- A clock reading as in src/store/field-stamps.ts.
  now constant text := lpad(to_hex(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || '0000-sql';
BEGIN
  INSERT INTO syncline.device (id, user_name) VALUES (who, person) ON CONFLICT (id) DO NOTHING;
  PERFORM FROM syncline.device WHERE id = who AND revoked_at IS NOT NULL;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'SYN02', MESSAGE = format('%s may not send changes any more', who),
      HINT = 'It is a device that was revoked: change the row in the source.';
  END IF;
  INSERT INTO syncline.upload (device, key, sha256, user_name, mutations, workflow_id)
  VALUES (who, upload_key, 'sql', person, 0, format('upload/%s/%s', replace(who, ':', '%3A'), upload_key))
  ON CONFLICT DO NOTHING;
  INSERT INTO syncline.upload_line (device, upload_key, seq, mutation) VALUES (who, upload_key, seq, mutation);
  INSERT INTO syncline.mutation (device, upload_key, seq, id, entity, row_id, operation, body, received_hlc)
  VALUES (who, upload_key, seq, mutation, entity, row_id, operation,
          jsonb_build_object('entity', entity, 'row', row_id, 'operation', operation) || body, now);
END $edit$;

-- What the configuration's `afterApply` still has to do, by group of rows, until it is done.
CREATE TABLE syncline.after_apply (
  entity text COLLATE "C" NOT NULL,
  -- Names the statement by its columns and its place among those of the same.
  step text COLLATE "C" NOT NULL,
  -- Hash of the values.
  group_key text COLLATE "C" NOT NULL,
  group_values jsonb NOT NULL,
  tries integer NOT NULL DEFAULT 0,
  -- Why it failed the last time, without values.
  problem text,
  try_after timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (entity, step, group_key)
);
CREATE INDEX after_apply_due ON syncline.after_apply (try_after);
