-- V$ views. V_$X is the view that is granted, V$X its public name, which works with the rights of whoever reads it;
-- GV$X has the instance's number in front.

-- Sessions of this database as PostgreSQL has them, whoever asks: it hides them from other roles.
CREATE FUNCTION oracle.backends() RETURNS TABLE (
  pid integer, sid integer, serial integer, username text, status text, xid xid, xact_start timestamptz,
    query_start timestamptz,
  backend_start timestamptz, state_change timestamptz, wait_event_type text, wait_event text, details oracle.session
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  -- PostgreSQL looks once in a transaction, Oracle's V$ views look every time.
  PERFORM pg_stat_clear_snapshot();
  RETURN QUERY
  SELECT a.pid, coalesce(s.sid, a.pid), coalesce(s.serial, 1), s.username,
    CASE WHEN a.state = 'active' THEN 'ACTIVE' ELSE 'INACTIVE' END, a.backend_xid, a.xact_start, a.query_start,
    a.backend_start,
    a.state_change, a.wait_event_type, a.wait_event, s
  FROM pg_stat_activity AS a LEFT JOIN oracle.session AS s ON s.backend_pid = a.pid
  WHERE a.datname = current_database() AND a.backend_type = 'client backend';
END
$$;

-- Addresses: any that are the same on both sides of a join.
CREATE FUNCTION oracle.session_address(integer) RETURNS oracle.raw IMMUTABLE
  RETURN ('\x00000001'::bytea || int4send($1))::oracle.raw;
CREATE FUNCTION oracle.transaction_address(xid) RETURNS oracle.raw IMMUTABLE
  RETURN ('\x00000002'::bytea || xidsend($1))::oracle.raw;

CREATE VIEW "SYS"."V_$SESSION" AS
  SELECT oracle.session_address(b.pid) AS "SADDR", b.sid::numeric AS "SID", b.serial::numeric AS "SERIAL#",
    b.pid::numeric AS "AUDSID",
    oracle.session_address(b.pid) AS "PADDR", a.number::numeric AS "USER#", b.username::varchar(128) AS "USERNAME",
    0::numeric AS "COMMAND",
    CASE WHEN b.xid IS NOT NULL THEN oracle.transaction_address(b.xid) END AS "TADDR", b.status::varchar(8) AS "STATUS",
    'DEDICATED'::varchar(9) AS "SERVER", a.number::numeric AS "SCHEMA#", b.username::varchar(128) AS "SCHEMANAME",
    (b.details).osuser::varchar(128) AS "OSUSER", coalesce((b.details).process, b.pid::text)::varchar(24) AS "PROCESS",
    (b.details).machine::varchar(64) AS "MACHINE",
    0::numeric AS "PORT", (b.details).terminal::varchar(30) AS "TERMINAL", (b.details).program::varchar(48) AS "PROGRAM",
    'USER'::varchar(10) AS "TYPE", NULL::varchar(13) AS "SQL_ID",
    CASE WHEN b.status = 'ACTIVE' THEN oracle.host_date(b.query_start) END AS "SQL_EXEC_START",
    NULL::varchar(13) AS "PREV_SQL_ID",
    (b.details).module::varchar(64) AS "MODULE", (b.details).action::varchar(64) AS "ACTION",
    (b.details).client_info::varchar(64) AS "CLIENT_INFO", oracle.host_date(coalesce((b.details).logon_time,
    b.backend_start)) AS "LOGON_TIME",
    floor(EXTRACT(epoch FROM statement_timestamp() - b.state_change)) AS "LAST_CALL_ET",
    (b.details).client_identifier::varchar(64) AS "CLIENT_IDENTIFIER",
    CASE WHEN b.wait_event_type = 'Lock' THEN 'enq: TX - row lock contention'
      WHEN b.status = 'INACTIVE' THEN 'SQL*Net message from client' ELSE coalesce(b.wait_event,
      'CPU') END::varchar(64) AS "EVENT",
    CASE WHEN b.wait_event_type = 'Lock' THEN 'Application' WHEN b.status = 'INACTIVE' THEN 'Idle'
      ELSE 'Other' END::varchar(64)
      AS "WAIT_CLASS",
    CASE WHEN b.wait_event_type = 'Lock' THEN (SELECT min(coalesce(s.sid,
    w.pid)) FROM unnest(pg_blocking_pids(b.pid)) AS w (pid)
      LEFT JOIN oracle.session AS s ON s.backend_pid = w.pid) END::numeric AS "BLOCKING_SESSION",
    p.value::varchar(64) AS "SERVICE_NAME", NULL::oracle.raw AS "SQL_ADDRESS", 3::numeric AS "CON_ID"
  FROM oracle.backends() AS b LEFT JOIN oracle.account AS a ON a.name = b.username
  LEFT JOIN oracle.parameter AS p ON p.name = 'service_names';

-- Open transactions that wrote or locked. PostgreSQL knows when a transaction began, not when it first wrote: START_DATE
-- is at or before Oracle's.
CREATE VIEW "SYS"."V_$TRANSACTION" AS
  SELECT oracle.transaction_address(b.xid) AS "ADDR", 1::numeric AS "XIDUSN", 0::numeric AS "XIDSLOT",
    b.xid::text::numeric AS "XIDSQN",
    0::numeric AS "UBAFIL", 0::numeric AS "UBABLK", 'ACTIVE'::varchar(16) AS "STATUS",
    oracle.to_char(b.xact_start AT TIME ZONE oracle.host_time_zone(), 'MM/DD/YY HH24:MI:SS')::varchar(20) AS "START_TIME",
    0::numeric AS "START_SCNB", 0::numeric AS "START_SCNW", oracle.session_address(b.pid) AS "SES_ADDR",
    0::numeric AS "FLAG",
    'NO'::varchar(3) AS "SPACE", 'NO'::varchar(3) AS "RECURSIVE", 'NO'::varchar(3) AS "NOUNDO", 'NO'::varchar(3) AS "PTX",
    NULL::varchar(256) AS "NAME", 1::numeric AS "USED_UBLK", 1::numeric AS "USED_UREC",
    oracle.host_date(b.xact_start) AS "START_DATE", xidsend(b.xid)::oracle.raw AS "XID",
    oracle.scn_at(b.xact_start) AS "START_SCN",
    3::numeric AS "CON_ID"
  FROM oracle.backends() AS b WHERE b.xid IS NOT NULL;

CREATE VIEW "SYS"."V_$DATABASE" AS
  SELECT d.dbid AS "DBID", d.name::varchar(9) AS "NAME", oracle.host_date(d.created) AS "CREATED",
    1::numeric AS "RESETLOGS_CHANGE#",
    oracle.host_date(d.created) AS "RESETLOGS_TIME", 'ARCHIVELOG'::varchar(12) AS "LOG_MODE",
    oracle.current_scn() AS "CHECKPOINT_CHANGE#",
    'CURRENT'::varchar(7) AS "CONTROLFILE_TYPE", 'READ WRITE'::varchar(20) AS "OPEN_MODE",
    'PRIMARY'::varchar(16) AS "DATABASE_ROLE",
    'NO'::varchar(8) AS "SUPPLEMENTAL_LOG_DATA_MIN", 'NO'::varchar(3) AS "FORCE_LOGGING", 13::numeric AS "PLATFORM_ID",
    'Linux x86 64-bit'::varchar(101) AS "PLATFORM_NAME", oracle.current_scn() AS "CURRENT_SCN",
    'NO'::varchar(18) AS "FLASHBACK_ON",
    d.name::varchar(30) AS "DB_UNIQUE_NAME", 'YES'::varchar(3) AS "CDB", 3::numeric AS "CON_ID"
  FROM oracle.database AS d;

CREATE VIEW "SYS"."V_$INSTANCE" AS
  SELECT 1::numeric AS "INSTANCE_NUMBER", d.name::varchar(16) AS "INSTANCE_NAME", d.host::varchar(64) AS "HOST_NAME",
    '19.0.0.0.0'::varchar(17) AS "VERSION", '19.3.0.0.0'::varchar(17) AS "VERSION_FULL",
    oracle.host_date(pg_postmaster_start_time()) AS "STARTUP_TIME",
    'OPEN'::varchar(12) AS "STATUS", 'NO'::varchar(3) AS "PARALLEL", 1::numeric AS "THREAD#",
    'STARTED'::varchar(7) AS "ARCHIVER",
    'ALLOWED'::varchar(10) AS "LOGINS", 'NO'::varchar(3) AS "SHUTDOWN_PENDING",
    'ACTIVE'::varchar(17) AS "DATABASE_STATUS",
    'PRIMARY_INSTANCE'::varchar(18) AS "INSTANCE_ROLE", 'NORMAL'::varchar(9) AS "ACTIVE_STATE", 3::numeric AS "CON_ID",
    'EE'::varchar(15) AS "EDITION"
  FROM oracle.database AS d;

CREATE VIEW "SYS"."V_$VERSION" AS
  SELECT 'Oracle Database 19c Enterprise Edition Release 19.0.0.0.0 - Production'::varchar(80) AS "BANNER",
    E'Oracle Database 19c Enterprise Edition Release 19.0.0.0.0 - Production\nVersion 19.3.0.0.0'::varchar(160)
      AS "BANNER_FULL",
    'Syncline simulator: speaks the protocol, is not an Oracle Database'::varchar(80) AS "BANNER_LEGACY",
    0::numeric AS "CON_ID";

CREATE VIEW "SYS"."V_$PARAMETER" AS
  SELECT row_number() OVER (ORDER BY p.name)::numeric AS "NUM", p.name::varchar(80) AS "NAME", p.type::numeric AS "TYPE",
    p.value::varchar(4000) AS "VALUE", p.value::varchar(4000) AS "DISPLAY_VALUE",
    p.value::varchar(255) AS "DEFAULT_VALUE",
    'TRUE'::varchar(9) AS "ISDEFAULT", 'FALSE'::varchar(5) AS "ISSES_MODIFIABLE",
    'FALSE'::varchar(9) AS "ISSYS_MODIFIABLE",
    'FALSE'::varchar(10) AS "ISMODIFIED", NULL::varchar(255) AS "DESCRIPTION", 3::numeric AS "CON_ID"
  FROM oracle.parameter AS p;

CREATE VIEW "SYS"."V_$SQL" AS
  SELECT "left"(q.sql_text, 1000)::varchar(1000) AS "SQL_TEXT", q.sql_text::oracle.clob AS "SQL_FULLTEXT",
    q.sql_id::varchar(13) AS "SQL_ID",
    0::numeric AS "CHILD_NUMBER", 0::numeric AS "PLAN_HASH_VALUE", q.executions AS "EXECUTIONS", q.fetches AS "FETCHES",
    q.parse_calls AS "PARSE_CALLS", 1::numeric AS "LOADS", 0::numeric AS "SORTS", q.disk_reads AS "DISK_READS",
    q.buffer_gets AS "BUFFER_GETS",
    q.rows_processed AS "ROWS_PROCESSED", q.command_type::numeric AS "COMMAND_TYPE",
    a.number::numeric AS "PARSING_USER_ID",
    q.parsing_schema_name::varchar(128) AS "PARSING_SCHEMA_NAME", q.module::varchar(64) AS "MODULE",
    NULL::varchar(64) AS "ACTION",
    q.cpu_time AS "CPU_TIME", q.elapsed_time AS "ELAPSED_TIME", 0::numeric AS "USER_IO_WAIT_TIME",
    0::numeric AS "CONCURRENCY_WAIT_TIME",
    oracle.to_char(oracle.host_date(q.first_load_time), 'YYYY-MM-DD/HH24:MI:SS')::varchar(19) AS "FIRST_LOAD_TIME",
    oracle.to_char(oracle.host_date(q.first_load_time), 'YYYY-MM-DD/HH24:MI:SS')::varchar(19) AS "LAST_LOAD_TIME",
    oracle.host_date(q.last_active_time) AS "LAST_ACTIVE_TIME", 3::numeric AS "CON_ID"
  FROM oracle.sql_statistics AS q LEFT JOIN oracle.account AS a ON a.name = q.parsing_schema_name;
CREATE VIEW "SYS"."V_$SQLAREA" AS SELECT * FROM "SYS"."V_$SQL";

-- Public names, and the global ones.
DO $body$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['SESSION', 'TRANSACTION', 'DATABASE', 'INSTANCE', 'VERSION', 'PARAMETER', 'SQL',
    'SQLAREA'] LOOP
    EXECUTE format('CREATE VIEW "SYS".%I AS SELECT 1::numeric AS "INST_ID", v.* FROM "SYS".%I AS v', 'GV_$' || name,
    'V_$' || name);
    EXECUTE format('CREATE VIEW "SYS".%I WITH (security_invoker) AS SELECT * FROM "SYS".%I', 'V$' || name, 'V_$' || name);
    EXECUTE format('CREATE VIEW "SYS".%I WITH (security_invoker) AS SELECT * FROM "SYS".%I', 'GV$' || name,
    'GV_$' || name);
    INSERT INTO oracle.synonym VALUES ('PUBLIC', 'V$' || name, 'SYS', 'V_$' || name),
      ('PUBLIC', 'GV$' || name, 'SYS', 'GV_$' || name);
  END LOOP;
END
$body$;

-- Everybody reads ALL_, USER_ and their like, and the public names; V_$ and DBA_ only who is granted them.
DO $body$
DECLARE
  name text;
BEGIN
  FOR name IN SELECT relname FROM pg_class WHERE relnamespace = '"SYS"'::regnamespace AND relname !~ '^(DBA_|G?V_\$)' LOOP
    EXECUTE format('GRANT SELECT ON "SYS".%I TO PUBLIC', name);
  END LOOP;
END
$body$;
GRANT SELECT ON "SYS"."V_$VERSION" TO PUBLIC;
INSERT INTO oracle.synonym SELECT 'PUBLIC', relname, 'SYS', relname FROM pg_class
WHERE relnamespace = '"SYS"'::regnamespace AND relname !~ '^G?V_?\$';

-- The package's public name is a synonym; EXECUTE on it has to be granted.
CREATE FUNCTION "SYS"."DBMS_FLASHBACK.GET_SYSTEM_CHANGE_NUMBER"() RETURNS numeric STABLE RETURN oracle.current_scn();
REVOKE EXECUTE ON FUNCTION "SYS"."DBMS_FLASHBACK.GET_SYSTEM_CHANGE_NUMBER"() FROM PUBLIC;
