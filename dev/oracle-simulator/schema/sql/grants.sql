-- GRANT and REVOKE. Object privileges are PostgreSQL's own, granted by the role that the session has, so that who may
-- grant is PostgreSQL's decision. System privileges are rows of oracle.system_privilege, and where they open objects
-- (SELECT ANY TABLE, SELECT ANY DICTIONARY), grants on all there are and all to come.

CREATE FUNCTION oracle.check_grantee(grantee text) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF grantee <> 'PUBLIC' AND NOT EXISTS (SELECT FROM oracle.account WHERE name = grantee) THEN
    PERFORM oracle.raise(1917, format('user or role ''%s'' does not exist', grantee));
  END IF;
END
$$;
CREATE FUNCTION oracle.role_name(grantee text) RETURNS text IMMUTABLE
  RETURN CASE grantee WHEN 'PUBLIC' THEN 'PUBLIC' ELSE quote_ident(grantee) END;

-- What PostgreSQL keeps no privilege for. Grants on one's own objects only.
CREATE FUNCTION oracle.record_object_privilege(entry oracle.object_privilege, revoked boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF entry.owner <> oracle.caller() AND NOT oracle.has_system_privilege(oracle.caller(), 'GRANT ANY OBJECT PRIVILEGE') THEN
    PERFORM oracle.raise(1031, 'insufficient privileges');
  END IF;
  DELETE FROM oracle.object_privilege AS p
  WHERE p.grantee = entry.grantee AND p.owner = entry.owner AND p.object = entry.object
    AND (p.privilege = entry.privilege OR revoked AND entry.privilege = 'ALL');
  IF NOT revoked THEN INSERT INTO oracle.object_privilege SELECT entry.*; END IF;
END
$$;

CREATE FUNCTION oracle.object_privilege_sql(relation_kind "char", privilege text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
BEGIN
  RETURN CASE
    WHEN privilege = 'ALL' THEN 'ALL'
    WHEN relation_kind = 'S' THEN CASE privilege WHEN 'SELECT' THEN 'USAGE, SELECT' WHEN 'ALTER' THEN '' END
    WHEN privilege IN ('SELECT', 'READ') THEN 'SELECT'
    WHEN privilege IN ('INSERT', 'UPDATE', 'DELETE', 'REFERENCES') THEN privilege
    WHEN privilege IN ('FLASHBACK', 'ALTER', 'INDEX', 'DEBUG', 'UNDER', 'ON COMMIT REFRESH', 'QUERY REWRITE') THEN ''
  END;
END
$$;

-- One privilege, granted (`verb` GRANT … TO) or revoked (REVOKE … FROM). `columns`: '{}' or '{A,B}'.
-- Without SET search_path: current_schema() has to be the session's.
CREATE FUNCTION oracle.change_object_privilege(
  verb text, privilege text, columns text, owner text, object text, grantees text[], grantable boolean
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  -- Oracle's own packages have public synonyms.
  schema_name text := coalesce(owner, CASE WHEN starts_with(object, 'DBMS_') THEN 'SYS' END, current_schema()::text);
  relation record;
  privilege_sql text;
  column_list text := (SELECT string_agg(pg_catalog.quote_ident(c), ', ') FROM unnest(columns::text[]) AS c);
  grantee text;
  routine record;
  found_routine boolean := false;
  direction text := CASE verb WHEN 'GRANT' THEN 'TO' ELSE 'FROM' END;
  ending text := CASE WHEN verb = 'GRANT' AND grantable THEN ' WITH GRANT OPTION'
    WHEN verb = 'REVOKE' THEN ' CASCADE' ELSE '' END;
BEGIN
  SELECT c.oid, c.relkind INTO relation FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE n.nspname = schema_name AND c.relname = object AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S');
  FOREACH grantee IN ARRAY grantees LOOP
    PERFORM oracle.check_grantee(grantee);
    IF relation.oid IS NULL THEN
      FOR routine IN
        SELECT p.oid::pg_catalog.regprocedure AS signature FROM pg_catalog.pg_proc AS p
        JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
        WHERE n.nspname = schema_name AND (p.proname = object OR pg_catalog.starts_with(p.proname::text, object || '.'))
      LOOP
        found_routine := true;
        IF privilege NOT IN ('EXECUTE', 'ALL', 'DEBUG') THEN
          PERFORM oracle.raise(2225, 'only EXECUTE and DEBUG privileges are valid for procedures');
        END IF;
        EXECUTE format('%s EXECUTE ON ROUTINE %s %s %s%s', verb, routine.signature, direction, oracle.role_name(grantee), ending);
      END LOOP;
      IF NOT found_routine THEN PERFORM oracle.raise(942, 'table or view does not exist'); END IF;
      CONTINUE;
    END IF;
    IF schema_name = 'SYS' AND object LIKE 'V$%' OR schema_name = 'SYS' AND object LIKE 'GV$%' THEN
      PERFORM oracle.raise(2030, 'can only select from fixed tables/views');
    END IF;
    privilege_sql := oracle.object_privilege_sql(relation.relkind, privilege);
    IF privilege_sql IS NULL THEN PERFORM oracle.raise(990, 'missing or invalid privilege'); END IF;
    IF privilege_sql <> '' THEN
      EXECUTE format('%s %s%s ON %s %I.%I %s %s%s', verb, privilege_sql,
        CASE WHEN column_list IS NULL THEN '' ELSE ' (' || column_list || ')' END,
        CASE relation.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
        schema_name, object, direction, oracle.role_name(grantee), ending);
    END IF;
    IF privilege_sql = '' OR privilege = 'ALL' THEN
      PERFORM oracle.record_object_privilege(
        ROW (grantee, schema_name, object, privilege, oracle.caller()::text, coalesce(grantable, false)), verb = 'REVOKE');
    END IF;
  END LOOP;
END
$$;

-- privileges[], columns[] of each ('{}': the whole object), owner or NULL, object, grantees[], WITH GRANT OPTION.
CREATE FUNCTION oracle.grant_object(text[], text[], text, text, text[], boolean) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  FOR place IN 1 .. cardinality($1) LOOP
    PERFORM oracle.change_object_privilege('GRANT', $1[place], coalesce($2[place], '{}'), $3, $4, $5, $6);
  END LOOP;
END
$$;
CREATE FUNCTION oracle.revoke_object(text[], text[], text, text, text[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  FOR place IN 1 .. cardinality($1) LOOP
    PERFORM oracle.change_object_privilege('REVOKE', $1[place], coalesce($2[place], '{}'), $3, $4, $5, false);
  END LOOP;
END
$$;

-- What a role of Oracle's stands for; other names stand for themselves.
CREATE FUNCTION oracle.role_privileges(name text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
BEGIN
  RETURN CASE name
    WHEN 'CONNECT' THEN ARRAY['CONNECT', 'CREATE SESSION', 'SET CONTAINER']
    WHEN 'RESOURCE' THEN ARRAY['RESOURCE', 'CREATE CLUSTER', 'CREATE INDEXTYPE', 'CREATE OPERATOR', 'CREATE PROCEDURE',
      'CREATE SEQUENCE', 'CREATE TABLE', 'CREATE TRIGGER', 'CREATE TYPE']
    WHEN 'SELECT_CATALOG_ROLE' THEN ARRAY['SELECT_CATALOG_ROLE']
    WHEN 'DBA' THEN ARRAY['DBA', 'ALTER SYSTEM', 'ALTER USER', 'CREATE ANY TABLE', 'CREATE PROCEDURE', 'CREATE SEQUENCE',
      'CREATE SESSION', 'CREATE SYNONYM', 'CREATE TABLE', 'CREATE TRIGGER', 'CREATE USER', 'CREATE VIEW',
      'DELETE ANY TABLE', 'DROP ANY TABLE', 'DROP USER', 'EXECUTE ANY PROCEDURE', 'FLASHBACK ANY TABLE',
      'GRANT ANY OBJECT PRIVILEGE', 'GRANT ANY PRIVILEGE', 'INSERT ANY TABLE', 'LOCK ANY TABLE', 'SELECT ANY DICTIONARY',
      'SELECT ANY SEQUENCE', 'SELECT ANY TABLE', 'SELECT ANY TRANSACTION', 'UNLIMITED TABLESPACE', 'UPDATE ANY TABLE']
    ELSE ARRAY[name]
  END;
END
$$;
CREATE FUNCTION oracle.is_role(name text) RETURNS boolean IMMUTABLE
  RETURN name IN ('CONNECT', 'RESOURCE', 'DBA', 'SELECT_CATALOG_ROLE');
CREATE FUNCTION oracle.is_privilege(name text) RETURNS boolean IMMUTABLE
  RETURN oracle.is_role(name) OR name IN (
    'ADMINISTER DATABASE TRIGGER', 'ALTER SESSION', 'ALTER SYSTEM', 'ALTER USER', 'COMMENT ANY TABLE', 'CREATE CLUSTER',
    'CREATE INDEXTYPE', 'CREATE JOB', 'CREATE MATERIALIZED VIEW', 'CREATE OPERATOR', 'CREATE PUBLIC SYNONYM',
    'CREATE PROCEDURE', 'CREATE ROLE', 'CREATE SEQUENCE', 'CREATE SESSION', 'CREATE SYNONYM', 'CREATE TABLE',
    'CREATE TRIGGER', 'CREATE TYPE', 'CREATE USER', 'CREATE VIEW', 'DEBUG CONNECT SESSION', 'DROP USER',
    'EXEMPT ACCESS POLICY', 'EXECUTE ANY PROCEDURE', 'FLASHBACK ANY TABLE', 'GRANT ANY OBJECT PRIVILEGE',
    'GRANT ANY PRIVILEGE', 'GRANT ANY ROLE', 'LOCK ANY TABLE', 'RESTRICTED SESSION', 'SELECT ANY DICTIONARY',
    'SELECT ANY SEQUENCE', 'SELECT ANY TRANSACTION', 'SET CONTAINER', 'UNLIMITED TABLESPACE'
  ) OR name ~ '^(CREATE|ALTER|DROP|SELECT|READ|INSERT|UPDATE|DELETE|BACKUP) ANY (TABLE|VIEW|INDEX|TRIGGER|SYNONYM)$';

-- One system privilege made real on the objects of one owner ('SYS': the dictionary).
CREATE FUNCTION oracle.open_objects(owner text, grantee text, privilege text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  access text := CASE privilege
    WHEN 'SELECT ANY TABLE' THEN 'SELECT ON TABLES' WHEN 'READ ANY TABLE' THEN 'SELECT ON TABLES'
    WHEN 'INSERT ANY TABLE' THEN 'INSERT ON TABLES' WHEN 'UPDATE ANY TABLE' THEN 'UPDATE ON TABLES'
    WHEN 'DELETE ANY TABLE' THEN 'DELETE ON TABLES' WHEN 'SELECT ANY SEQUENCE' THEN 'USAGE, SELECT ON SEQUENCES'
    WHEN 'EXECUTE ANY PROCEDURE' THEN 'EXECUTE ON ROUTINES' END;
BEGIN
  IF access IS NULL THEN RETURN; END IF;
  EXECUTE format('GRANT %s IN SCHEMA %I TO %s', replace(access, ' ON ', ' ON ALL '), owner, oracle.role_name(grantee));
  EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %1$I IN SCHEMA %1$I GRANT %2$s TO %3$s', owner, access,
    oracle.role_name(grantee));
END
$$;
CREATE FUNCTION oracle.close_objects(owner text, grantee text, privilege text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  access text := CASE privilege
    WHEN 'SELECT ANY TABLE' THEN 'SELECT ON TABLES' WHEN 'READ ANY TABLE' THEN 'SELECT ON TABLES'
    WHEN 'INSERT ANY TABLE' THEN 'INSERT ON TABLES' WHEN 'UPDATE ANY TABLE' THEN 'UPDATE ON TABLES'
    WHEN 'DELETE ANY TABLE' THEN 'DELETE ON TABLES' WHEN 'SELECT ANY SEQUENCE' THEN 'USAGE, SELECT ON SEQUENCES'
    WHEN 'EXECUTE ANY PROCEDURE' THEN 'EXECUTE ON ROUTINES' END;
BEGIN
  IF access IS NULL OR owner = grantee THEN RETURN; END IF;
  EXECUTE format('REVOKE %s IN SCHEMA %I FROM %s', replace(access, ' ON ', ' ON ALL '), owner, oracle.role_name(grantee));
  EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %1$I IN SCHEMA %1$I REVOKE %2$s FROM %3$s', owner, access,
    oracle.role_name(grantee));
END
$$;
-- V_$ and DBA_ views for who may read the dictionary.
CREATE FUNCTION oracle.change_dictionary(verb text, grantee text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  view_name text;
BEGIN
  FOR view_name IN
    SELECT relname FROM pg_class WHERE relnamespace = '"SYS"'::regnamespace AND relkind = 'v' AND relname ~ '^(DBA_|G?V_\$)'
  LOOP
    EXECUTE format('%s SELECT ON "SYS".%I %s %s', verb, view_name, CASE verb WHEN 'GRANT' THEN 'TO' ELSE 'FROM' END,
      oracle.role_name(grantee));
  END LOOP;
END
$$;
-- A role creates in its own schema what it has any CREATE privilege for; the engine tells tables from views.
CREATE FUNCTION oracle.change_creation(grantee text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF grantee = 'PUBLIC' THEN RETURN; END IF;
  IF EXISTS (SELECT FROM oracle.system_privilege AS p WHERE p.grantee = change_creation.grantee
    AND p.privilege ~ '^CREATE (TABLE|VIEW|SEQUENCE|PROCEDURE|TRIGGER|SYNONYM|MATERIALIZED VIEW)$') THEN
    EXECUTE format('GRANT CREATE ON SCHEMA %1$I TO %1$I', grantee);
  ELSE
    EXECUTE format('REVOKE CREATE ON SCHEMA %1$I FROM %1$I', grantee);
  END IF;
END
$$;

CREATE FUNCTION oracle.check_may_grant(privilege text) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF NOT oracle.is_privilege(privilege) THEN
    IF privilege ~ ' ' THEN PERFORM oracle.raise(990, 'missing or invalid privilege'); END IF;
    PERFORM oracle.raise(1919, format('role ''%s'' does not exist', privilege));
  END IF;
  IF NOT oracle.has_system_privilege(oracle.caller(), 'GRANT ANY PRIVILEGE') AND NOT EXISTS (
    SELECT FROM oracle.system_privilege AS p
    WHERE p.grantee = oracle.caller() AND p.privilege = check_may_grant.privilege AND p.grantable) THEN
    PERFORM oracle.raise(1031, 'insufficient privileges');
  END IF;
END
$$;

-- The role that may execute Oracle's own packages.
CREATE FUNCTION oracle.change_packages(verb text, grantee text, privilege text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF privilege <> 'DBA' THEN RETURN; END IF;
  EXECUTE format('%s EXECUTE ON FUNCTION "SYS"."DBMS_FLASHBACK.GET_SYSTEM_CHANGE_NUMBER"() %s %s', verb,
    CASE verb WHEN 'GRANT' THEN 'TO' ELSE 'FROM' END, oracle.role_name(grantee));
END
$$;

CREATE FUNCTION oracle.grant_system(privileges text[], grantees text[], grantable boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  named text;
  grantee_name text;
  privilege_name text;
BEGIN
  FOREACH named IN ARRAY privileges LOOP
    PERFORM oracle.check_may_grant(named);
    FOREACH grantee_name IN ARRAY grantees LOOP
      PERFORM oracle.check_grantee(grantee_name);
      FOREACH privilege_name IN ARRAY oracle.role_privileges(named) LOOP
        INSERT INTO oracle.system_privilege AS p VALUES (grantee_name, privilege_name, coalesce(grant_system.grantable, false))
        ON CONFLICT ON CONSTRAINT system_privilege_pkey DO UPDATE SET grantable = p.grantable OR excluded.grantable;
        PERFORM oracle.open_objects(name, grantee_name, privilege_name) FROM oracle.account WHERE name <> grantee_name;
        IF privilege_name IN ('SELECT ANY DICTIONARY', 'SELECT_CATALOG_ROLE') THEN
          PERFORM oracle.change_dictionary('GRANT', grantee_name);
        END IF;
        PERFORM oracle.change_packages('GRANT', grantee_name, privilege_name);
      END LOOP;
      PERFORM oracle.change_creation(grantee_name);
    END LOOP;
  END LOOP;
END
$$;
CREATE FUNCTION oracle.revoke_system(privileges text[], grantees text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  named text;
  grantee_name text;
  privilege_name text;
BEGIN
  FOREACH named IN ARRAY privileges LOOP
    PERFORM oracle.check_may_grant(named);
    FOREACH grantee_name IN ARRAY grantees LOOP
      PERFORM oracle.check_grantee(grantee_name);
      IF NOT EXISTS (SELECT FROM oracle.system_privilege AS p WHERE p.grantee = grantee_name AND p.privilege = named) THEN
        PERFORM oracle.raise(CASE WHEN oracle.is_role(named) THEN 1951 ELSE 1952 END,
          CASE WHEN oracle.is_role(named) THEN format('ROLE ''%s'' not granted to ''%s''', named, grantee_name)
          ELSE format('system privileges not granted to ''%s''', grantee_name) END);
      END IF;
      FOREACH privilege_name IN ARRAY oracle.role_privileges(named) LOOP
        DELETE FROM oracle.system_privilege AS p WHERE p.grantee = grantee_name AND p.privilege = privilege_name;
        PERFORM oracle.close_objects(name, grantee_name, privilege_name) FROM oracle.account;
        IF privilege_name IN ('SELECT ANY DICTIONARY', 'SELECT_CATALOG_ROLE') THEN
          PERFORM oracle.change_dictionary('REVOKE', grantee_name);
        END IF;
        PERFORM oracle.change_packages('REVOKE', grantee_name, privilege_name);
      END LOOP;
      PERFORM oracle.change_creation(grantee_name);
    END LOOP;
  END LOOP;
END
$$;
