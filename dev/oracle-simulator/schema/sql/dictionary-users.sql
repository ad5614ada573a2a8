-- Users, privileges, NLS parameters, DUAL.

CREATE VIEW "SYS"."DUAL" AS SELECT 'X'::varchar(1) AS "DUMMY";

CREATE VIEW "SYS"."ALL_USERS" AS
  SELECT a.name::varchar(128) AS "USERNAME", a.number::numeric AS "USER_ID", oracle.host_date(a.created) AS "CREATED",
    'NO'::varchar(3) AS "COMMON", 'N'::varchar(1) AS "ORACLE_MAINTAINED", 'NO'::varchar(3) AS "INHERITED"
  FROM oracle.account AS a
  UNION ALL
  SELECT 'SYS', 0, oracle.host_date(d.created), 'YES', 'Y', 'YES' FROM oracle.database AS d;
CREATE VIEW "SYS"."DBA_USERS" AS
  SELECT a.name::varchar(128) AS "USERNAME", a.number::numeric AS "USER_ID",
    CASE WHEN a.locked THEN 'LOCKED' ELSE 'OPEN' END::varchar(32) AS "ACCOUNT_STATUS", NULL::oracle.date AS "LOCK_DATE",
    NULL::oracle.date AS "EXPIRY_DATE", 'USERS'::varchar(30) AS "DEFAULT_TABLESPACE",
    'TEMP'::varchar(30) AS "TEMPORARY_TABLESPACE",
    oracle.host_date(a.created) AS "CREATED", 'DEFAULT'::varchar(128) AS "PROFILE",
    'PASSWORD'::varchar(8) AS "AUTHENTICATION_TYPE",
    'NO'::varchar(3) AS "COMMON", 'N'::varchar(1) AS "ORACLE_MAINTAINED"
  FROM oracle.account AS a;
CREATE VIEW "SYS"."USER_USERS" AS SELECT * FROM "SYS"."DBA_USERS" WHERE "USERNAME" = current_user;

CREATE VIEW "SYS"."DBA_SYS_PRIVS" AS
  SELECT p.grantee::varchar(128) AS "GRANTEE", p.privilege::varchar(40) AS "PRIVILEGE",
    oracle.yes_no(p.grantable) AS "ADMIN_OPTION",
    'NO'::varchar(3) AS "COMMON", 'NO'::varchar(3) AS "INHERITED"
  FROM oracle.system_privilege AS p WHERE NOT oracle.is_role(p.privilege);
CREATE VIEW "SYS"."USER_SYS_PRIVS" AS
  SELECT "GRANTEE" AS "USERNAME", "PRIVILEGE", "ADMIN_OPTION", "COMMON", "INHERITED" FROM "SYS"."DBA_SYS_PRIVS"
  WHERE "GRANTEE" IN (current_user, 'PUBLIC');
CREATE VIEW "SYS"."SESSION_PRIVS" AS
  SELECT DISTINCT "PRIVILEGE" FROM "SYS"."DBA_SYS_PRIVS" WHERE "GRANTEE" IN (current_user, 'PUBLIC');
CREATE VIEW "SYS"."DBA_ROLE_PRIVS" AS
  SELECT p.grantee::varchar(128) AS "GRANTEE", p.privilege::varchar(128) AS "GRANTED_ROLE",
    oracle.yes_no(p.grantable) AS "ADMIN_OPTION",
    'NO'::varchar(3) AS "DELEGATE_OPTION", 'YES'::varchar(3) AS "DEFAULT_ROLE", 'NO'::varchar(3) AS "COMMON"
  FROM oracle.system_privilege AS p WHERE oracle.is_role(p.privilege);
CREATE VIEW "SYS"."USER_ROLE_PRIVS" AS
  SELECT "GRANTEE" AS "USERNAME", "GRANTED_ROLE", "ADMIN_OPTION", "DELEGATE_OPTION", "DEFAULT_ROLE", "COMMON"
  FROM "SYS"."DBA_ROLE_PRIVS" WHERE "GRANTEE" = current_user;
CREATE VIEW "SYS"."SESSION_ROLES" AS SELECT "GRANTED_ROLE" AS "ROLE" FROM "SYS"."USER_ROLE_PRIVS";

-- Object privileges: PostgreSQL's, those that only we keep, and EXECUTE.
CREATE VIEW oracle.object_grant AS
  SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee)::text END AS grantee, r.owner::text AS owner,
    r.name::text AS object, CASE r.owner WHEN 'SYS' THEN 'SYS' ELSE pg_get_userbyid(a.grantor)::text END AS grantor,
    a.privilege_type AS privilege, a.is_grantable,
    CASE r.kind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END AS type
  FROM oracle.relation AS r JOIN pg_class AS c ON c.oid = r.oid CROSS JOIN LATERAL aclexplode(c.relacl) AS a
  WHERE a.grantee <> c.relowner AND NOT r.is_synonym
    AND a.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'REFERENCES')
  UNION ALL
  SELECT p.grantee, p.owner, p.object, p.grantor, p.privilege, p.grantable, 'TABLE'
  FROM oracle.object_privilege AS p WHERE p.privilege <> 'ALL'
  UNION ALL
  SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee)::text END, s.owner::text,
    s.object_name,
    s.owner::text, 'EXECUTE', a.is_grantable, s.object_type
  FROM oracle.shown_routine AS s JOIN pg_proc AS f ON f.oid = s.oid CROSS JOIN LATERAL aclexplode(f.proacl) AS a
  WHERE a.grantee <> f.proowner;

CREATE VIEW "SYS"."DBA_TAB_PRIVS" AS
  SELECT g.grantee::varchar(128) AS "GRANTEE", g.owner::varchar(128) AS "OWNER", g.object::varchar(128) AS "TABLE_NAME",
    g.grantor::varchar(128) AS "GRANTOR", g.privilege::varchar(40) AS "PRIVILEGE",
    oracle.yes_no(g.is_grantable) AS "GRANTABLE",
    'NO'::varchar(3) AS "HIERARCHY", 'NO'::varchar(3) AS "COMMON", g.type::varchar(24) AS "TYPE",
    'NO'::varchar(3) AS "INHERITED"
  FROM oracle.object_grant AS g;
CREATE VIEW "SYS"."USER_TAB_PRIVS" AS
  SELECT * FROM "SYS"."DBA_TAB_PRIVS" WHERE current_user IN ("GRANTEE", "OWNER", "GRANTOR");
CREATE VIEW "SYS"."ALL_TAB_PRIVS" AS
  SELECT "GRANTOR", "GRANTEE", "OWNER" AS "TABLE_SCHEMA", "TABLE_NAME", "PRIVILEGE", "GRANTABLE", "HIERARCHY", "COMMON",
    "TYPE",
    "INHERITED"
  FROM "SYS"."DBA_TAB_PRIVS" WHERE current_user IN ("GRANTEE", "OWNER", "GRANTOR") OR "GRANTEE" = 'PUBLIC';
CREATE VIEW "SYS"."USER_TAB_PRIVS_RECD" AS
  SELECT "OWNER", "TABLE_NAME", "GRANTOR", "PRIVILEGE", "GRANTABLE", "HIERARCHY", "COMMON", "TYPE", "INHERITED"
  FROM "SYS"."DBA_TAB_PRIVS" WHERE "GRANTEE" = current_user;
CREATE VIEW "SYS"."USER_TAB_PRIVS_MADE" AS
  SELECT "GRANTEE", "TABLE_NAME", "GRANTOR", "PRIVILEGE", "GRANTABLE", "HIERARCHY", "COMMON", "TYPE", "INHERITED"
  FROM "SYS"."DBA_TAB_PRIVS" WHERE "OWNER" = current_user;

CREATE FUNCTION oracle.nls_value(name text, fallback text) RETURNS varchar STABLE
  RETURN coalesce(NULLIF(current_setting('oracle.' || "lower"(name), true), ''), fallback)::varchar(64);
CREATE VIEW "SYS"."NLS_DATABASE_PARAMETERS" AS
  SELECT p.name::varchar(128) AS "PARAMETER", p.value::varchar(64) AS "VALUE" FROM (VALUES
    ('NLS_RDBMS_VERSION', '19.0.0.0.0'), ('NLS_NCHAR_CONV_EXCP', 'FALSE'), ('NLS_LENGTH_SEMANTICS', 'BYTE'),
    ('NLS_COMP', 'BINARY'), ('NLS_DUAL_CURRENCY', '$'), ('NLS_TIMESTAMP_TZ_FORMAT', 'DD-MON-RR HH.MI.SSXFF AM TZR'),
    ('NLS_TIME_TZ_FORMAT', 'HH.MI.SSXFF AM TZR'), ('NLS_TIMESTAMP_FORMAT', 'DD-MON-RR HH.MI.SSXFF AM'),
    ('NLS_TIME_FORMAT', 'HH.MI.SSXFF AM'), ('NLS_SORT', 'BINARY'), ('NLS_DATE_LANGUAGE', 'AMERICAN'),
    ('NLS_DATE_FORMAT', 'DD-MON-RR'), ('NLS_CALENDAR', 'GREGORIAN'), ('NLS_NUMERIC_CHARACTERS', '.,'),
    ('NLS_NCHAR_CHARACTERSET', 'AL16UTF16'), ('NLS_CHARACTERSET', 'AL32UTF8'), ('NLS_ISO_CURRENCY', 'AMERICA'),
    ('NLS_CURRENCY', '$'), ('NLS_TERRITORY', 'AMERICA'), ('NLS_LANGUAGE', 'AMERICAN')
  ) AS p (name, value);
CREATE VIEW "SYS"."NLS_INSTANCE_PARAMETERS" AS
  SELECT * FROM "SYS"."NLS_DATABASE_PARAMETERS"
  WHERE "PARAMETER" NOT IN ('NLS_RDBMS_VERSION', 'NLS_CHARACTERSET', 'NLS_NCHAR_CHARACTERSET');
-- ALTER SESSION SET NLS_… is the setting oracle.nls_… of the session.
CREATE VIEW "SYS"."NLS_SESSION_PARAMETERS" AS
  SELECT "PARAMETER", oracle.nls_value("PARAMETER"::text, "VALUE"::text) AS "VALUE" FROM "SYS"."NLS_INSTANCE_PARAMETERS";
CREATE VIEW "SYS"."GLOBAL_NAME" AS
  SELECT p.value::varchar(4000) AS "GLOBAL_NAME" FROM oracle.parameter AS p WHERE p.name = 'service_names';
CREATE VIEW "SYS"."PRODUCT_COMPONENT_VERSION" AS
  SELECT 'Oracle Database 19c Enterprise Edition (Syncline simulator)'::varchar(80) AS "PRODUCT",
    '19.0.0.0.0'::varchar(80) AS "VERSION",
    '19.3.0.0.0'::varchar(80) AS "VERSION_FULL", 'Production'::varchar(80) AS "STATUS";
CREATE VIEW "SYS"."DATABASE_PROPERTIES" AS
  SELECT "PARAMETER"::varchar(128) AS "PROPERTY_NAME", "VALUE"::varchar(4000) AS "PROPERTY_VALUE",
    NULL::varchar(4000) AS "DESCRIPTION"
  FROM "SYS"."NLS_DATABASE_PARAMETERS"
  UNION ALL
  SELECT 'DBTIMEZONE', '00:00', 'DB time zone';
