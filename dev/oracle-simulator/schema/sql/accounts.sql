-- What the simulator keeps of its own, outside of Oracle's dictionary. Only functions and views of the dictionary read it.

-- Users. Each is a role and a schema of the same name. `number`: USER_ID.
CREATE TABLE oracle.account (
  name text PRIMARY KEY,
  number integer GENERATED ALWAYS AS IDENTITY (START 100),
  password text NOT NULL,
  locked boolean NOT NULL DEFAULT false,
  created timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE oracle.system_privilege (
  grantee text NOT NULL,
  privilege text NOT NULL,
  grantable boolean NOT NULL DEFAULT false,
  PRIMARY KEY (grantee, privilege)
);
-- Object privileges that PostgreSQL has no equal of: FLASHBACK and its like.
CREATE TABLE oracle.object_privilege (
  grantee text NOT NULL,
  owner text NOT NULL,
  object text NOT NULL,
  privilege text NOT NULL,
  grantor text NOT NULL,
  grantable boolean NOT NULL DEFAULT false,
  PRIMARY KEY (grantee, owner, object, privilege)
);
-- Columns exactly as declared; columns without a row are described by their PostgreSQL type. `nullable`: of view columns,
-- which PostgreSQL takes for nullable; NULL: ask PostgreSQL.
CREATE TABLE oracle.declared_column (
  table_schema text NOT NULL,
  table_name text NOT NULL,
  column_name text NOT NULL,
  column_id integer,
  type_name text NOT NULL,
  precision integer,
  scale integer,
  length integer,
  unit text CHECK (unit IN ('BYTE', 'CHAR')),
  nullable boolean,
  PRIMARY KEY (table_schema, table_name, column_name)
);
CREATE TABLE oracle.synonym (
  owner text NOT NULL,
  name text NOT NULL,
  table_owner text NOT NULL,
  table_name text NOT NULL,
  PRIMARY KEY (owner, name)
);
-- Which System Change Number was given when; the engine writes it.
CREATE TABLE oracle.scn_time (
  scn numeric PRIMARY KEY,
  at timestamptz NOT NULL
);
CREATE INDEX ON oracle.scn_time (at);
-- Sessions as V$SESSION shows them: what PostgreSQL does not know of its backends. Rows of ended backends do no harm.
CREATE UNLOGGED TABLE oracle.session (
  backend_pid integer PRIMARY KEY,
  sid integer NOT NULL,
  serial integer NOT NULL,
  username text NOT NULL,
  logon_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  module text,
  action text,
  client_identifier text,
  client_info text,
  program text,
  machine text,
  osuser text,
  terminal text,
  process text
);
-- Rows of V$SQL; the engine fills it. Times in microseconds.
CREATE UNLOGGED TABLE oracle.sql_statistics (
  sql_id text NOT NULL,
  parsing_schema_name text NOT NULL,
  sql_text text NOT NULL,
  module text,
  command_type integer NOT NULL DEFAULT 0,
  executions numeric NOT NULL DEFAULT 0,
  fetches numeric NOT NULL DEFAULT 0,
  parse_calls numeric NOT NULL DEFAULT 0,
  rows_processed numeric NOT NULL DEFAULT 0,
  elapsed_time numeric NOT NULL DEFAULT 0,
  cpu_time numeric NOT NULL DEFAULT 0,
  buffer_gets numeric NOT NULL DEFAULT 0,
  disk_reads numeric NOT NULL DEFAULT 0,
  first_load_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_active_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (sql_id, parsing_schema_name)
);
-- Rows of V$PARAMETER.
CREATE TABLE oracle.parameter (
  name text PRIMARY KEY,
  value text,
  type integer NOT NULL
);
-- One row: what V$DATABASE and V$INSTANCE say of this database.
CREATE TABLE oracle.database (
  dbid numeric NOT NULL,
  name text NOT NULL,
  host text NOT NULL,
  created timestamptz NOT NULL DEFAULT clock_timestamp()
);

INSERT INTO oracle.parameter (name, value, type) VALUES
  ('compatible', '19.0.0', 2), ('cpu_count', '2', 3), ('db_block_size', '8192', 3), ('db_name', 'FREE', 2),
  ('max_string_size', 'STANDARD', 2), ('nls_length_semantics', 'BYTE', 2), ('open_cursors', '300', 3),
  ('processes', '300', 3), ('recyclebin', 'off', 2), ('resource_limit', 'TRUE', 1), ('service_names', 'FREEPDB1', 2),
  ('sessions', '472', 3), ('undo_management', 'AUTO', 2), ('undo_retention', '900', 3),
  ('undo_tablespace', 'UNDOTBS1', 2);
-- The number stays the same for this database and differs from that of others.
INSERT INTO oracle.database (dbid, name, host)
SELECT 1000000000 + (hashtextextended(current_database() || system_identifier::text, oid::bigint) & 2147483647),
  'FREE', 'simulator'
FROM pg_control_system(), pg_database WHERE datname = current_database();

-- Whom a statement runs for: SECURITY DEFINER changes current_user, SET ROLE's setting stays.
CREATE FUNCTION oracle.caller() RETURNS name STABLE
  RETURN CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role')::name END;
CREATE FUNCTION oracle.is_superuser(name) RETURNS boolean STABLE
  RETURN coalesce((SELECT rolsuper FROM pg_roles WHERE rolname = $1), false);

CREATE FUNCTION oracle.has_system_privilege(user_name name, wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
RETURN oracle.is_superuser(user_name) OR EXISTS (
  SELECT FROM oracle.system_privilege AS p WHERE p.grantee IN (user_name, 'PUBLIC') AND p.privilege IN (wanted, 'DBA')
);
CREATE FUNCTION oracle.may_flashback(relation oid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
RETURN oracle.has_system_privilege(oracle.caller(), 'FLASHBACK ANY TABLE') OR EXISTS (
  SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
  WHERE c.oid = relation AND (pg_get_userbyid(c.relowner) = oracle.caller() OR EXISTS (
    SELECT FROM oracle.object_privilege AS p
    WHERE p.grantee IN (oracle.caller(), 'PUBLIC') AND p.owner = n.nspname AND p.object = c.relname
      AND p.privilege IN ('FLASHBACK', 'ALL')))
);
