-- Functions that speak of the session, and of System Change Numbers.

-- Who is logged on, in triggers and procedures too, which run with their owner's rights.
CREATE FUNCTION oracle.user() RETURNS text STABLE RETURN oracle.caller()::text;
CREATE FUNCTION oracle.uid() RETURNS numeric
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
RETURN coalesce((SELECT number::numeric FROM oracle.account WHERE name = oracle.caller()), 0);

-- The engine sets oracle.current_scn before a statement that asks; outside of the engine the next transaction number
-- stands for it.
CREATE FUNCTION oracle.current_scn() RETURNS numeric STABLE
  RETURN coalesce(NULLIF(current_setting('oracle.current_scn', true), '')::numeric,
    pg_snapshot_xmax(pg_current_snapshot())::text::numeric);
-- The last number that was given at or before a time; 0 before the first.
CREATE FUNCTION oracle.scn_at(timestamptz) RETURNS numeric
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
RETURN coalesce((SELECT scn FROM oracle.scn_time WHERE at <= $1 ORDER BY at DESC LIMIT 1), 0);
CREATE FUNCTION oracle.scn_to_timestamp(number numeric) RETURNS timestamp
LANGUAGE plpgsql STABLE SECURITY DEFINER STRICT SET search_path = pg_catalog AS $$
DECLARE
  found timestamptz := (SELECT at FROM oracle.scn_time WHERE scn <= number ORDER BY scn DESC LIMIT 1);
BEGIN
  IF found IS NULL OR number > (SELECT max(scn) FROM oracle.scn_time) THEN
    PERFORM oracle.raise(8181, 'specified number is not a valid system change number');
  END IF;
  RETURN timezone(oracle.host_time_zone(), found);
END
$$;
CREATE FUNCTION oracle.timestamp_to_scn(stamp timestamp) RETURNS numeric
LANGUAGE plpgsql STABLE SECURITY DEFINER STRICT SET search_path = pg_catalog AS $$
DECLARE
  found numeric := oracle.scn_at(timezone(oracle.host_time_zone(), stamp));
BEGIN
  IF found = 0 THEN PERFORM oracle.raise(8180, 'no snapshot found based on specified time'); END IF;
  RETURN found;
END
$$;

CREATE FUNCTION oracle.userenv(parameter text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  own oracle.session := (SELECT s FROM oracle.session AS s WHERE s.backend_pid = pg_backend_pid());
BEGIN
  RETURN NULLIF(CASE upper(parameter)
    WHEN 'SESSION_USER' THEN oracle.caller()::text
    WHEN 'CURRENT_USER' THEN oracle.caller()::text
    WHEN 'CURRENT_SCHEMA' THEN
      coalesce(NULLIF(current_setting('oracle.current_schema', true), ''), oracle.caller()::text)
    WHEN 'SESSION_USERID' THEN oracle.uid()::text
    WHEN 'CURRENT_USERID' THEN oracle.uid()::text
    WHEN 'PROXY_USER' THEN ''
    WHEN 'SID' THEN coalesce(own.sid, pg_backend_pid())::text
    WHEN 'SESSIONID' THEN pg_backend_pid()::text
    WHEN 'INSTANCE' THEN '1'
    WHEN 'INSTANCE_NAME' THEN (SELECT name FROM oracle.database)
    WHEN 'DB_NAME' THEN (SELECT value FROM oracle.parameter WHERE name = 'service_names')
    WHEN 'DB_UNIQUE_NAME' THEN (SELECT name FROM oracle.database)
    WHEN 'CON_NAME' THEN (SELECT value FROM oracle.parameter WHERE name = 'service_names')
    WHEN 'CON_ID' THEN '3'
    WHEN 'CDB_NAME' THEN (SELECT name FROM oracle.database)
    WHEN 'SERVICE_NAME' THEN (SELECT value FROM oracle.parameter WHERE name = 'service_names')
    WHEN 'SERVER_HOST' THEN (SELECT host FROM oracle.database)
    WHEN 'HOST' THEN own.machine
    WHEN 'TERMINAL' THEN own.terminal
    WHEN 'OS_USER' THEN own.osuser
    WHEN 'IP_ADDRESS' THEN '127.0.0.1'
    WHEN 'MODULE' THEN own.module
    WHEN 'ACTION' THEN own.action
    WHEN 'CLIENT_IDENTIFIER' THEN own.client_identifier
    WHEN 'CLIENT_INFO' THEN own.client_info
    WHEN 'CLIENT_PROGRAM_NAME' THEN own.program
    WHEN 'LANG' THEN 'US'
    WHEN 'LANGUAGE' THEN 'AMERICAN_AMERICA.AL32UTF8'
    WHEN 'NLS_TERRITORY' THEN 'AMERICA'
    WHEN 'NLS_CALENDAR' THEN 'GREGORIAN'
    WHEN 'NLS_CURRENCY' THEN '$'
    WHEN 'NLS_SORT' THEN 'BINARY'
    WHEN 'NLS_DATE_LANGUAGE' THEN 'AMERICAN'
    WHEN 'NLS_DATE_FORMAT' THEN oracle.nls_format('date')
    WHEN 'ISDBA' THEN 'FALSE'
    WHEN 'DATABASE_ROLE' THEN 'PRIMARY'
    WHEN 'CURRENT_EDITION_NAME' THEN 'ORA$BASE'
    WHEN 'SESSION_EDITION_NAME' THEN 'ORA$BASE'
    WHEN 'AUTHENTICATION_METHOD' THEN 'PASSWORD'
    WHEN 'AUTHENTICATED_IDENTITY' THEN oracle.caller()::text
    WHEN 'IDENTIFICATION_TYPE' THEN 'LOCAL'
    WHEN 'NETWORK_PROTOCOL' THEN 'tcp'
    WHEN 'PLATFORM_SLASH' THEN '/'
    ELSE oracle.refuse(2003, 'invalid USERENV parameter', parameter)
  END, '');
END
$$;
-- Other namespaces: nobody has set anything in them.
CREATE FUNCTION oracle.sys_context(text, text) RETURNS text STABLE
  RETURN CASE WHEN pg_catalog.upper($1) IN ('USERENV', 'SYS_SESSION_ROLES') THEN
    CASE pg_catalog.upper($1) WHEN 'USERENV' THEN oracle.userenv($2) ELSE 'FALSE' END END;
CREATE FUNCTION oracle.sys_context(text, text, numeric) RETURNS text STABLE
  RETURN "left"(oracle.sys_context($1, $2), oracle.whole($3));
-- DBMS_TRANSACTION.LOCAL_TRANSACTION_ID: XIDUSN.XIDSLOT.XIDSQN of V$TRANSACTION; NULL before the first write.
CREATE FUNCTION oracle.local_transaction_id() RETURNS text STABLE
  RETURN '1.0.' || pg_current_xact_id_if_assigned()::xid::text;
