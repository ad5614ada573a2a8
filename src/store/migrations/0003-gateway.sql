-- What the gateway needs to serve devices: what left somebody's sight, how far tombstones were removed, who pulled what.

-- Signs cursors, so that several gateways beside each other believe each other's.
ALTER TABLE syncline.store_identity ADD COLUMN cursor_key text NOT NULL
  DEFAULT replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');

-- C8: the cluster whose transactions the versions of rows are of; NULL where nobody could find out. `rewriting_since`:
-- versions are being written anew, and nobody is served.
ALTER TABLE syncline.store_identity ADD COLUMN system_id text, ADD COLUMN rewriting_since timestamptz;

-- C13: a row that left a partition, for the devices that saw it there. Keys only; kept as long as tombstones.
-- C9: a row that a device made and that was never accepted, for that device alone.
CREATE TABLE syncline.feed_exit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  entity text NOT NULL,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  row_id text COLLATE "C" NOT NULL,
  -- Values of the partition columns that the row had, by column; {} where only `device` is meant.
  partitions jsonb NOT NULL DEFAULT '{}',
  device text COLLATE "C",
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX feed_exit_in_order ON syncline.feed_exit (entity, xid, id);

-- C7: below it tombstones and exits were removed, so an older position has missed some.
CREATE TABLE syncline.feed_floor (
  entity text PRIMARY KEY,
  xid xid8 NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Where the feed was at a clean-up, so that a later one knows what was old by then.
CREATE TABLE syncline.feed_clock (
  xid xid8 PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- What cursors were given under, by hash: when somebody's partitions change, the difference is sent after.
CREATE TABLE syncline.feed_scope (
  hash text COLLATE "C" PRIMARY KEY,
  scope jsonb NOT NULL,
  used_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- How far a device has pulled, for people who look after it: written now and then, not with each pull.
CREATE TABLE syncline.device_feed (
  device text COLLATE "C" NOT NULL REFERENCES syncline.device ON DELETE CASCADE,
  entity text NOT NULL,
  xid xid8 NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (device, entity)
);
ALTER TABLE syncline.device ADD COLUMN last_pull_at timestamptz;
-- The node that its clock ticks as: leased at its registration, never given to another. NULL: it never registered.
ALTER TABLE syncline.device ADD COLUMN node text;

-- The reply that a request got, byte for byte: the same request gets it again.
ALTER TABLE syncline.upload ADD COLUMN reply text;
-- Hash of what its device saw by then of the entities in it: who sees less by now gets a reply made anew.
ALTER TABLE syncline.upload ADD COLUMN reply_sight text;
-- Who sent it, as the token said: what may be changed is looked up anew when a change is applied (C13).
ALTER TABLE syncline.upload ADD COLUMN grants jsonb;

-- Row level security of partitioned mirrors, for the gateway's login (src/store/scope-session.ts): what the transaction's
-- reader may see, as JSON by entity: true, or values by partition column. Not set, or set by an earlier transaction and
-- therefore empty: nothing.
CREATE FUNCTION syncline.scope_is_open(entity text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(nullif(current_setting('syncline.scope', true), '')::jsonb -> entity = 'true'::jsonb, false);

CREATE FUNCTION syncline.scope_values(entity text, partition_column text) RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE
RETURN ARRAY(
  SELECT jsonb_array_elements_text(nullif(current_setting('syncline.scope', true), '')::jsonb -> entity -> partition_column)
);

-- A record that somebody wants read from its source. Its key stands here and not in a workflow's history, which holds no
-- values of rows; a minute later nobody asks for it any more.
CREATE TABLE syncline.record_read (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  entity text NOT NULL,
  key text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX record_read_by_age ON syncline.record_read (at);

-- Where the feeds stood when a device that counts in time stamps (WatermelonDB) pulled: positions by entity.
CREATE TABLE syncline.watermelon_pull (
  device text COLLATE "C" NOT NULL REFERENCES syncline.device ON DELETE CASCADE,
  stamp bigint NOT NULL,
  positions jsonb NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (device, stamp)
);

-- The parts of an encoded key (src/domain/keys.ts): they are joined by `|`, and `\` before `\` and `|` belongs to a part.
CREATE FUNCTION syncline.key_parts(key text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $parts$
  SELECT array_agg(regexp_replace(found[1], '\\(.)', '\1', 'gs') ORDER BY place)
    FROM regexp_matches(key || '|', '((?:[^\\|]|\\.)*)\|', 'gs') WITH ORDINALITY AS parts (found, place)
$parts$;
