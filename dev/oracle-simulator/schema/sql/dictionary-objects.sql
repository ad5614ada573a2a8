-- Objects of all kinds, sequences, triggers, synonyms, procedures, policies.

-- Triggers and sequences that identity columns and defaults are made of are nobody's business.
CREATE VIEW oracle.shown_trigger AS
  SELECT t.*, r.owner, r.name AS table_name, r.kind FROM pg_trigger AS t JOIN oracle.relation AS r ON r.oid = t.tgrelid
  WHERE NOT t.tgisinternal AND t.tgname !~ '\$default$';
-- Procedures of a package are functions `PKG.PROC`.
CREATE VIEW oracle.shown_routine AS
  SELECT p.oid, o.name AS owner, p.proname AS name, split_part(p.proname, '.', 1) AS object_name,
    NULLIF(split_part(p.proname, '.', 2), '') AS procedure_name,
    CASE WHEN p.proname LIKE '%.%' THEN 'PACKAGE' WHEN p.prokind = 'p' OR p.prorettype = 'void'::regtype THEN 'PROCEDURE'
      ELSE 'FUNCTION' END AS object_type, p.prokind
  FROM pg_proc AS p JOIN oracle.owner AS o ON o.oid = p.pronamespace
  WHERE p.prorettype <> 'trigger'::regtype AND p.prokind IN ('f', 'p') AND o.name <> 'SYS';

-- visible: decided here, as the objects are of different kinds.
CREATE VIEW oracle.shown_object AS
  SELECT r.owner, r.name::text, r.oid AS number, CASE WHEN r.kind IN ('r', 'i') THEN pg_relation_filenode(r.oid) END AS data_number,
    CASE r.kind WHEN 'i' THEN 'INDEX' WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN CASE WHEN r.is_synonym THEN 'SYNONYM'
      ELSE 'VIEW' END
      ELSE 'TABLE' END AS type, 'VALID' AS status, r.is_temporary, r.name ~ '^ISEQ\$\$_' AS is_generated,
    CASE WHEN r.kind = 'i' THEN (SELECT oracle.may_see(x.indrelid, 'r') FROM pg_index AS x WHERE x.indexrelid = r.oid)
      ELSE oracle.may_see(r.oid, r.kind) END AS is_visible
  FROM oracle.relation AS r
  UNION ALL
  SELECT t.owner, t.tgname, t.oid, NULL, 'TRIGGER', 'VALID', false, false, oracle.may_see(t.tgrelid, 'T')
  FROM oracle.shown_trigger AS t
  UNION ALL
  SELECT p.owner, p.object_name, min(p.oid::bigint)::oid, NULL, p.object_type, 'VALID', false, false,
    bool_or(has_function_privilege(p.oid, 'EXECUTE'))
  FROM oracle.shown_routine AS p GROUP BY p.owner, p.object_name, p.object_type;

CREATE VIEW oracle."OBJECTS" AS
  SELECT o.owner::varchar(128) AS "OWNER", o.name::varchar(128) AS "OBJECT_NAME", NULL::varchar(128) AS "SUBOBJECT_NAME",
    o.number::bigint::numeric AS "OBJECT_ID", o.data_number::bigint::numeric AS "DATA_OBJECT_ID",
    o.type::varchar(23) AS "OBJECT_TYPE", d.created AS "CREATED", d.changed AS "LAST_DDL_TIME",
    oracle.to_char(d.created, 'YYYY-MM-DD:HH24:MI:SS')::varchar(19) AS "TIMESTAMP", o.status::varchar(7) AS "STATUS",
    oracle.y_n(o.is_temporary) AS "TEMPORARY", oracle.y_n(o.is_generated) AS "GENERATED", 'N'::varchar(1) AS "SECONDARY",
    CASE o.type WHEN 'INDEX' THEN 4 WHEN 'TRIGGER' THEN 3 ELSE 1 END::numeric AS "NAMESPACE",
    NULL::varchar(128) AS "EDITION_NAME",
    'NONE'::varchar(18) AS "SHARING", oracle.y_n(o.owner = 'SYS') AS "ORACLE_MAINTAINED", o.is_visible
  FROM oracle.shown_object AS o CROSS JOIN oracle.database AS b LEFT JOIN oracle.ddl_time AS t ON t.number = o.number
    CROSS JOIN LATERAL (SELECT oracle.host_date(coalesce(t.created, b.created)) AS created,
      oracle.host_date(coalesce(t.changed, b.created)) AS changed) AS d;

CREATE VIEW oracle."SEQUENCES" AS
  SELECT r.owner::varchar(128) AS "SEQUENCE_OWNER", r.name::varchar(128) AS "SEQUENCE_NAME",
    s.seqmin::numeric AS "MIN_VALUE",
    s.seqmax::numeric AS "MAX_VALUE", s.seqincrement::numeric AS "INCREMENT_BY", oracle.y_n(s.seqcycle) AS "CYCLE_FLAG",
    'N'::varchar(1) AS "ORDER_FLAG", CASE s.seqcache WHEN 1 THEN 0 ELSE s.seqcache END::numeric AS "CACHE_SIZE",
    coalesce(pg_sequence_last_value(r.oid) + s.seqincrement, s.seqstart)::numeric AS "LAST_NUMBER",
    'N'::varchar(1) AS "SCALE_FLAG",
    'N'::varchar(1) AS "EXTEND_FLAG", 'N'::varchar(1) AS "SESSION_FLAG", 'N'::varchar(1) AS "KEEP_VALUE",
    r.oid AS relation, r.kind
  FROM oracle.relation AS r JOIN pg_sequence AS s ON s.seqrelid = r.oid;

CREATE VIEW oracle."TRIGGERS" AS
  SELECT t.owner::varchar(128) AS "OWNER", t.tgname::varchar(128) AS "TRIGGER_NAME",
    (CASE WHEN t.tgtype & 64 > 0 THEN 'INSTEAD OF' WHEN t.tgtype & 2 > 0 THEN 'BEFORE' ELSE 'AFTER' END
      || CASE WHEN t.tgtype & 64 > 0 THEN '' WHEN t.tgtype & 1 > 0 THEN ' EACH ROW' ELSE ' STATEMENT' END)::varchar(16)
        AS "TRIGGER_TYPE",
    concat_ws(' OR ', CASE WHEN t.tgtype & 4 > 0 THEN 'INSERT' END, CASE WHEN t.tgtype & 16 > 0 THEN 'UPDATE' END,
      CASE WHEN t.tgtype & 8 > 0 THEN 'DELETE' END)::varchar(246) AS "TRIGGERING_EVENT",
    t.owner::varchar(128) AS "TABLE_OWNER", CASE t.kind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END::varchar(18)
      AS "BASE_OBJECT_TYPE",
    t.table_name::varchar(128) AS "TABLE_NAME", NULL::varchar(4000) AS "COLUMN_NAME",
    'REFERENCING NEW AS NEW OLD AS OLD'::varchar(422) AS "REFERENCING_NAMES", NULL::varchar(4000) AS "WHEN_CLAUSE",
    CASE t.tgenabled WHEN 'D' THEN 'DISABLED' ELSE 'ENABLED' END::varchar(8) AS "STATUS",
    t.tgname::varchar(4000) AS "DESCRIPTION", 'PL/SQL'::varchar(11) AS "ACTION_TYPE",
    pg_get_functiondef(t.tgfoid)::oracle.long AS "TRIGGER_BODY", 'NO'::varchar(7) AS "CROSSEDITION",
    t.tgrelid AS relation, 'T'::"char" AS kind
  FROM oracle.shown_trigger AS t;

CREATE VIEW oracle."SYNONYMS" AS
  SELECT s.owner::varchar(128) AS "OWNER", s.name::varchar(128) AS "SYNONYM_NAME",
    s.table_owner::varchar(128) AS "TABLE_OWNER",
    s.table_name::varchar(128) AS "TABLE_NAME", NULL::varchar(128) AS "DB_LINK", 0::numeric AS "ORIGIN_CON_ID",
    t.oid AS relation, t.kind
  FROM oracle.synonym AS s LEFT JOIN oracle.relation AS t ON t.owner = s.table_owner AND t.name = s.table_name;

CREATE VIEW oracle."PROCEDURES" AS
  SELECT p.owner::varchar(128) AS "OWNER", p.object_name::varchar(128) AS "OBJECT_NAME",
    p.procedure_name::varchar(128) AS "PROCEDURE_NAME", p.oid::bigint::numeric AS "OBJECT_ID",
    p.object_type::varchar(13) AS "OBJECT_TYPE", 'NO'::varchar(3) AS "AGGREGATE", 'NO'::varchar(3) AS "PIPELINED",
    'DEFINER'::varchar(12) AS "AUTHID", has_function_privilege(p.oid, 'EXECUTE') AS is_visible
  FROM oracle.shown_routine AS p;

-- Row level security: all restrictive policies, one row for the statements of a policy.
CREATE VIEW oracle."POLICIES" AS
  SELECT r.owner::varchar(128) AS "OBJECT_OWNER", r.name::varchar(128) AS "OBJECT_NAME",
    'SYS_DEFAULT'::varchar(128) AS "POLICY_GROUP",
    p.policy::varchar(128) AS "POLICY_NAME", r.owner::varchar(128) AS "PF_OWNER", NULL::varchar(128) AS "PACKAGE",
    p.policy::varchar(128) AS "FUNCTION", oracle.yes_no(p.commands && '{r,*}') AS "SEL",
    oracle.yes_no(p.commands && '{a,*}') AS "INS",
    oracle.yes_no(p.commands && '{w,*}') AS "UPD", oracle.yes_no(p.commands && '{d,*}') AS "DEL",
    'NO'::varchar(3) AS "IDX",
    'YES'::varchar(3) AS "CHK_OPTION", oracle.yes_no(p.is_enabled) AS "ENABLE", 'NO'::varchar(3) AS "STATIC_POLICY",
    'DYNAMIC'::varchar(24) AS "POLICY_TYPE", 'NO'::varchar(3) AS "LONG_PREDICATE", r.oid AS relation, r.kind
  FROM (
    SELECT l.polrelid, regexp_replace(l.polname, ' for [A-Z]+$', '') AS policy, array_agg(l.polcmd::text) AS commands,
      bool_or(c.relrowsecurity) AS is_enabled
    FROM pg_policy AS l JOIN pg_class AS c ON c.oid = l.polrelid WHERE l.polname <> 'oracle_open' GROUP BY 1, 2
  ) AS p JOIN oracle.relation AS r ON r.oid = p.polrelid;

DO $body$
DECLARE
  item record;
  columns text;
BEGIN
  PERFORM oracle.make_dictionary('SEQUENCES', 'SEQUENCE_OWNER'), oracle.make_dictionary('TRIGGERS', 'OWNER'),
    oracle.make_dictionary('SYNONYMS', 'OWNER'), oracle.make_dictionary('POLICIES', 'OBJECT_OWNER');
  FOR item IN SELECT * FROM (VALUES ('OBJECTS'), ('PROCEDURES')) AS t (name) LOOP
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO columns FROM pg_attribute
    WHERE attrelid = format('oracle.%I', item.name)::regclass AND attnum > 0 AND attname NOT IN ('OWNER', 'is_visible');
    EXECUTE format('CREATE VIEW "SYS".%I AS SELECT "OWNER", %s FROM oracle.%I WHERE is_visible OR "OWNER" = current_user',
      'ALL_' || item.name, columns, item.name);
    EXECUTE format('CREATE VIEW "SYS".%I AS SELECT %s FROM oracle.%I WHERE "OWNER" = current_user', 'USER_' || item.name,
      columns, item.name);
    EXECUTE format('CREATE VIEW "SYS".%I AS SELECT "OWNER", %s FROM oracle.%I', 'DBA_' || item.name, columns, item.name);
  END LOOP;
END
$body$;
