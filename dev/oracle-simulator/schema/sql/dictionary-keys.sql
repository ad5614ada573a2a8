-- Constraints and indexes.

-- NOT NULL is a check in Oracle; PostgreSQL's own, which comes with a primary key, is not shown.
CREATE VIEW oracle.shown_constraint AS
  SELECT k.*, r.owner, r.name AS table_name, r.kind
  FROM pg_constraint AS k JOIN oracle.relation AS r ON r.oid = k.conrelid
  WHERE k.contype IN ('p', 'u', 'f', 'c') OR k.contype = 'n' AND NOT EXISTS (
    SELECT FROM pg_constraint AS p WHERE p.conrelid = k.conrelid AND p.contype = 'p' AND p.conkey @> k.conkey);

CREATE VIEW oracle."CONSTRAINTS" AS
  SELECT k.owner::varchar(128) AS "OWNER", k.conname::varchar(128) AS "CONSTRAINT_NAME",
    CASE k.contype WHEN 'p' THEN 'P' WHEN 'u' THEN 'U' WHEN 'f' THEN 'R' ELSE 'C' END::varchar(1) AS "CONSTRAINT_TYPE",
    k.table_name::varchar(128) AS "TABLE_NAME", c.text::oracle.long AS "SEARCH_CONDITION",
    "left"(c.text, 4000)::varchar(4000) AS "SEARCH_CONDITION_VC",
    t.owner::varchar(128) AS "R_OWNER", t.conname::varchar(128) AS "R_CONSTRAINT_NAME",
    CASE WHEN k.contype = 'f' THEN CASE k.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL'
      ELSE 'NO ACTION' END
      END::varchar(9) AS "DELETE_RULE",
    CASE WHEN k.conenforced THEN 'ENABLED' ELSE 'DISABLED' END::varchar(8) AS "STATUS",
    CASE WHEN k.condeferrable THEN 'DEFERRABLE' ELSE 'NOT DEFERRABLE' END::varchar(14) AS "DEFERRABLE",
    CASE WHEN k.condeferred THEN 'DEFERRED' ELSE 'IMMEDIATE' END::varchar(9) AS "DEFERRED",
    CASE WHEN k.convalidated AND k.conenforced THEN 'VALIDATED' ELSE 'NOT VALIDATED' END::varchar(13) AS "VALIDATED",
    CASE WHEN k.conname ~ '^SYS_C|_(pkey|key|fkey|check|not_null)\d*$' THEN 'GENERATED NAME'
      ELSE 'USER NAME' END::varchar(14)
      AS "GENERATED",
    NULL::varchar(3) AS "BAD", NULL::varchar(4) AS "RELY", NULL::oracle.date AS "LAST_CHANGE",
    CASE WHEN i.oid IS NOT NULL THEN k.owner END::varchar(128) AS "INDEX_OWNER", i.relname::varchar(128) AS "INDEX_NAME",
    NULL::varchar(7) AS "INVALID", NULL::varchar(14) AS "VIEW_RELATED", k.conrelid AS relation, k.kind
  FROM oracle.shown_constraint AS k
  LEFT JOIN oracle.shown_constraint AS t
    ON k.contype = 'f' AND t.conrelid = k.confrelid AND t.contype IN ('p', 'u') AND t.conindid = k.conindid
  LEFT JOIN pg_class AS i ON i.oid = k.conindid AND k.contype IN ('p', 'u')
  CROSS JOIN LATERAL (
    SELECT CASE k.contype
      WHEN 'n' THEN (SELECT format('"%s" IS NOT NULL', a.attname) FROM pg_attribute AS a
        WHERE a.attrelid = k.conrelid AND a.attnum = k.conkey[1])
      WHEN 'c' THEN regexp_replace(oracle.source_text(pg_get_expr(k.conbin, k.conrelid)), '^\((.*)\)$', '\1')
    END AS text
  ) AS c;

CREATE VIEW oracle."CONS_COLUMNS" AS
  SELECT k.owner::varchar(128) AS "OWNER", k.conname::varchar(128) AS "CONSTRAINT_NAME",
    k.table_name::varchar(128) AS "TABLE_NAME",
    a.attname::varchar(4000) AS "COLUMN_NAME",
    CASE WHEN k.contype IN ('p', 'u', 'f') THEN u.place END::numeric AS "POSITION", k.conrelid AS relation, k.kind
  FROM oracle.shown_constraint AS k
  CROSS JOIN LATERAL unnest(k.conkey) WITH ORDINALITY AS u (number, place)
  JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = u.number;

CREATE VIEW oracle.shown_index AS
  SELECT x.*, i.owner, i.name, i.relpages, i.reltuples, r.owner AS table_owner, r.name AS table_name, r.kind,
    r.is_temporary, x.indexprs IS NOT NULL AS is_functional
  FROM pg_index AS x JOIN oracle.relation AS i ON i.oid = x.indexrelid JOIN oracle.relation AS r ON r.oid = x.indrelid;

CREATE VIEW oracle."INDEXES" AS
  SELECT x.owner::varchar(128) AS "OWNER", x.name::varchar(128) AS "INDEX_NAME",
    CASE WHEN x.is_functional THEN 'FUNCTION-BASED NORMAL' ELSE 'NORMAL' END::varchar(27) AS "INDEX_TYPE",
    x.table_owner::varchar(128) AS "TABLE_OWNER", x.table_name::varchar(128) AS "TABLE_NAME",
    'TABLE'::varchar(11) AS "TABLE_TYPE",
    CASE WHEN x.indisunique THEN 'UNIQUE' ELSE 'NONUNIQUE' END::varchar(9) AS "UNIQUENESS",
    'DISABLED'::varchar(13) AS "COMPRESSION", 'USERS'::varchar(30) AS "TABLESPACE_NAME",
    CASE WHEN x.reltuples >= 0 THEN x.relpages::numeric END AS "LEAF_BLOCKS",
    CASE WHEN x.reltuples >= 0 THEN x.reltuples::numeric END AS "NUM_ROWS",
    CASE WHEN x.reltuples >= 0 AND x.indisunique THEN x.reltuples::numeric END AS "DISTINCT_KEYS",
    CASE WHEN x.indisvalid THEN 'VALID' ELSE 'UNUSABLE' END::varchar(8) AS "STATUS", '1'::varchar(40) AS "DEGREE",
    'NO'::varchar(3) AS "PARTITIONED", oracle.y_n(x.is_temporary) AS "TEMPORARY",
    oracle.y_n(x.name ~ '^SYS_C|_(pkey|key)\d*$') AS "GENERATED", 'N'::varchar(1) AS "SECONDARY",
    CASE WHEN x.is_functional THEN 'ENABLED' END::varchar(8) AS "FUNCIDX_STATUS", 'VISIBLE'::varchar(9) AS "VISIBILITY",
    x.indrelid AS relation, x.kind
  FROM oracle.shown_index AS x;

CREATE VIEW oracle.shown_index_column AS
  SELECT x.*, u.place, u.number, a.attname,
    CASE WHEN u.number = 0 THEN pg_get_indexdef(x.indexrelid, u.place::integer, true) END AS expression,
    CASE WHEN x.indoption[u.place - 1] & 1 = 1 THEN 'DESC' ELSE 'ASC' END AS direction
  FROM oracle.shown_index AS x
  CROSS JOIN LATERAL unnest(x.indkey::smallint[]) WITH ORDINALITY AS u (number, place)
  LEFT JOIN pg_attribute AS a ON a.attrelid = x.indrelid AND a.attnum = u.number AND u.number > 0
  WHERE u.place <= x.indnkeyatts;

CREATE VIEW oracle."IND_COLUMNS" AS
  SELECT x.owner::varchar(128) AS "INDEX_OWNER", x.name::varchar(128) AS "INDEX_NAME",
    x.table_owner::varchar(128) AS "TABLE_OWNER", x.table_name::varchar(128) AS "TABLE_NAME",
    coalesce(x.attname::text, format('SYS_NC%s$', lpad(x.place::text, 5, '0')))::varchar(4000) AS "COLUMN_NAME",
    x.place::numeric AS "COLUMN_POSITION",
    oracle.type_bytes(c.type_name, c.scale, c.length, c.unit)::numeric AS "COLUMN_LENGTH",
    coalesce(c.length, 0)::numeric AS "CHAR_LENGTH", x.direction::varchar(4) AS "DESCEND", x.indrelid AS relation, x.kind
  FROM oracle.shown_index_column AS x
  LEFT JOIN oracle.column_detail AS c ON c.relation = x.indrelid AND c.number = x.number AND x.number > 0;

CREATE VIEW oracle."IND_EXPRESSIONS" AS
  SELECT x.owner::varchar(128) AS "INDEX_OWNER", x.name::varchar(128) AS "INDEX_NAME",
    x.table_owner::varchar(128) AS "TABLE_OWNER", x.table_name::varchar(128) AS "TABLE_NAME",
    oracle.source_text(x.expression)::oracle.long AS "COLUMN_EXPRESSION", x.place::numeric AS "COLUMN_POSITION",
    x.indrelid AS relation, x.kind
  FROM oracle.shown_index_column AS x WHERE x.expression IS NOT NULL;

SELECT oracle.make_dictionary('CONSTRAINTS', 'OWNER'), oracle.make_dictionary('CONS_COLUMNS', 'OWNER'),
  oracle.make_dictionary('INDEXES', 'OWNER'), oracle.make_dictionary('IND_COLUMNS', 'INDEX_OWNER'),
  oracle.make_dictionary('IND_EXPRESSIONS', 'INDEX_OWNER');
-- The owner is told in these two, even to the owner.
DROP VIEW "SYS"."USER_CONSTRAINTS", "SYS"."USER_CONS_COLUMNS";
CREATE VIEW "SYS"."USER_CONSTRAINTS" AS SELECT * FROM "SYS"."ALL_CONSTRAINTS" WHERE "OWNER" = current_user;
CREATE VIEW "SYS"."USER_CONS_COLUMNS" AS SELECT * FROM "SYS"."ALL_CONS_COLUMNS" WHERE "OWNER" = current_user;
