-- Tables, columns, views, comments.

CREATE VIEW oracle."TABLES" AS
  SELECT r.owner::varchar(128) AS "OWNER", r.name::varchar(128) AS "TABLE_NAME",
    'USERS'::varchar(30) AS "TABLESPACE_NAME",
    NULL::varchar(128) AS "CLUSTER_NAME", NULL::varchar(128) AS "IOT_NAME", 'VALID'::varchar(8) AS "STATUS",
    10::numeric AS "PCT_FREE", 'YES'::varchar(3) AS "LOGGING", 'N'::varchar(1) AS "BACKED_UP",
    CASE WHEN r.reltuples >= 0 THEN r.reltuples::numeric END AS "NUM_ROWS",
    CASE WHEN r.reltuples >= 0 THEN r.relpages::numeric END AS "BLOCKS",
    CASE WHEN r.reltuples >= 0 THEN 0::numeric END AS "EMPTY_BLOCKS",
    CASE WHEN r.reltuples > 0 THEN round((r.relpages * 8192.0 / r.reltuples)::numeric) WHEN r.reltuples = 0 THEN 0 END
      AS "AVG_ROW_LEN",
    CASE WHEN r.reltuples >= 0 THEN r.reltuples::numeric END AS "SAMPLE_SIZE",
    oracle.host_date(greatest(s.last_analyze, s.last_autoanalyze)) AS "LAST_ANALYZED",
    oracle.yes_no(r.kind = 'p') AS "PARTITIONED", NULL::varchar(12) AS "IOT_TYPE",
    oracle.y_n(r.is_temporary) AS "TEMPORARY", 'N'::varchar(1) AS "SECONDARY", 'NO'::varchar(3) AS "NESTED",
    'DISABLED'::varchar(8) AS "ROW_MOVEMENT", 'YES'::varchar(3) AS "MONITORING", 'DISABLED'::varchar(8) AS "DEPENDENCIES",
    'DISABLED'::varchar(8) AS "COMPRESSION", 'NO'::varchar(3) AS "DROPPED", 'NO'::varchar(3) AS "READ_ONLY",
    'YES'::varchar(3) AS "SEGMENT_CREATED", r.oid AS relation, r.kind
  FROM oracle.relation AS r LEFT JOIN pg_stat_all_tables AS s ON s.relid = r.oid
  WHERE r.kind IN ('r', 'p');

CREATE VIEW oracle."TAB_COLS" AS
  SELECT c.owner::varchar(128) AS "OWNER", c.table_name::varchar(128) AS "TABLE_NAME",
    c.name::varchar(128) AS "COLUMN_NAME",
    oracle.spelled_type(c.type_name, c.precision, c.scale)::varchar(128) AS "DATA_TYPE",
    NULL::varchar(3) AS "DATA_TYPE_MOD", NULL::varchar(128) AS "DATA_TYPE_OWNER",
    oracle.type_bytes(c.type_name, c.scale, c.length, c.unit)::numeric AS "DATA_LENGTH",
    c.precision::numeric AS "DATA_PRECISION", CASE c.type_name
      WHEN 'INTERVAL YEAR TO MONTH' THEN 0 WHEN 'FLOAT' THEN NULL ELSE c.scale END::numeric AS "DATA_SCALE",
    oracle.y_n(c.is_nullable) AS "NULLABLE", c.place::numeric AS "COLUMN_ID",
    length(oracle.source_text(c.default_text))::numeric AS "DEFAULT_LENGTH",
    oracle.source_text(c.default_text)::oracle.long AS "DATA_DEFAULT",
    NULL::numeric AS "NUM_DISTINCT", NULL::numeric AS "NUM_NULLS", NULL::oracle.date AS "LAST_ANALYZED",
    CASE WHEN c.type_name IN ('VARCHAR2', 'CHAR', 'CLOB', 'LONG') THEN 'CHAR_CS'
      WHEN c.type_name IN ('NVARCHAR2', 'NCHAR', 'NCLOB') THEN 'NCHAR_CS' END::varchar(44) AS "CHARACTER_SET_NAME",
    CASE WHEN c.type_name ~ 'CHAR' THEN c.length END::numeric AS "CHAR_COL_DECL_LENGTH",
    CASE WHEN c.type_name ~ 'CHAR' THEN c.length ELSE 0 END::numeric AS "CHAR_LENGTH",
    CASE WHEN c.type_name IN ('NVARCHAR2', 'NCHAR') OR c.type_name ~ 'CHAR' AND c.unit = 'CHAR' THEN 'C'
      WHEN c.type_name ~ 'CHAR' THEN 'B' END::varchar(1) AS "CHAR_USED",
    'NO'::varchar(3) AS "HIDDEN_COLUMN", oracle.yes_no(c.is_virtual) AS "VIRTUAL_COLUMN",
    CASE WHEN NOT c.is_virtual THEN c.place END::numeric AS "SEGMENT_COLUMN_ID", c.place::numeric AS "INTERNAL_COLUMN_ID",
    'YES'::varchar(3) AS "USER_GENERATED", 'NO'::varchar(3) AS "DEFAULT_ON_NULL",
    oracle.yes_no(c.is_identity) AS "IDENTITY_COLUMN", c.relation, c.kind
  FROM oracle.column_detail AS c;
-- The same without what only hidden and virtual columns need.
CREATE VIEW oracle."TAB_COLUMNS" AS
  SELECT "OWNER", "TABLE_NAME", "COLUMN_NAME", "DATA_TYPE", "DATA_TYPE_MOD", "DATA_TYPE_OWNER", "DATA_LENGTH",
    "DATA_PRECISION", "DATA_SCALE", "NULLABLE", "COLUMN_ID", "DEFAULT_LENGTH", "DATA_DEFAULT", "NUM_DISTINCT",
    "NUM_NULLS",
    "LAST_ANALYZED", "CHARACTER_SET_NAME", "CHAR_COL_DECL_LENGTH", "CHAR_LENGTH", "CHAR_USED", "DEFAULT_ON_NULL",
    "IDENTITY_COLUMN", relation, kind
  FROM oracle."TAB_COLS";

CREATE VIEW oracle."TAB_IDENTITY_COLS" AS
  SELECT c.owner::varchar(128) AS "OWNER", c.table_name::varchar(128) AS "TABLE_NAME",
    c.name::varchar(128) AS "COLUMN_NAME",
    CASE WHEN pg_get_functiondef(t.tgfoid) ~ 'generated always' THEN 'ALWAYS' ELSE 'BY DEFAULT' END::varchar(10)
      AS "GENERATION_TYPE",
    format('ISEQ$$_%s_%s', c.relation, c.number)::varchar(128) AS "SEQUENCE_NAME", c.relation, c.kind
  FROM oracle.column_detail AS c
  LEFT JOIN pg_trigger AS t ON t.tgrelid = c.relation AND t.tgname = format('ISEQ$$_%s_%s$default', c.relation, c.number)
  WHERE c.is_identity;

CREATE VIEW oracle."VIEWS" AS
  SELECT r.owner::varchar(128) AS "OWNER", r.name::varchar(128) AS "VIEW_NAME", length(t.text)::numeric AS "TEXT_LENGTH",
    t.text::oracle.long AS "TEXT", "left"(t.text, 4000)::varchar(4000) AS "TEXT_VC",
    CASE WHEN pg_relation_is_updatable(r.oid, false) = 0 THEN 'Y' ELSE 'N' END::varchar(1) AS "READ_ONLY",
    r.oid AS relation, r.kind
  FROM oracle.relation AS r CROSS JOIN LATERAL (
    -- Of the dictionary's own views the text says nothing.
    SELECT CASE r.owner WHEN 'SYS' THEN NULL ELSE rtrim(pg_get_viewdef(r.oid), ';') END AS text
  ) AS t
  WHERE r.kind = 'v' AND NOT r.is_synonym;

CREATE VIEW oracle."TAB_COMMENTS" AS
  SELECT r.owner::varchar(128) AS "OWNER", r.name::varchar(128) AS "TABLE_NAME",
    CASE r.kind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END::varchar(11) AS "TABLE_TYPE",
    obj_description(r.oid, 'pg_class')::varchar(4000) AS "COMMENTS", 0::numeric AS "ORIGIN_CON_ID", r.oid AS relation,
    r.kind
  FROM oracle.relation AS r WHERE r.kind IN ('r', 'p', 'v') AND NOT r.is_synonym;

CREATE VIEW oracle."COL_COMMENTS" AS
  SELECT r.owner::varchar(128) AS "OWNER", r.name::varchar(128) AS "TABLE_NAME", a.attname::varchar(128) AS "COLUMN_NAME",
    col_description(r.oid, a.attnum)::varchar(4000) AS "COMMENTS", 0::numeric AS "ORIGIN_CON_ID", r.oid AS relation,
    r.kind
  FROM oracle.relation AS r
  JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE r.kind IN ('r', 'p', 'v') AND NOT r.is_synonym;

CREATE VIEW oracle."SEGMENTS" AS
  SELECT r.owner::varchar(128) AS "OWNER", r.name::varchar(128) AS "SEGMENT_NAME", NULL::varchar(128) AS "PARTITION_NAME",
    CASE r.kind WHEN 'i' THEN 'INDEX' ELSE 'TABLE' END::varchar(18) AS "SEGMENT_TYPE",
    'USERS'::varchar(30) AS "TABLESPACE_NAME",
    pg_relation_size(r.oid)::numeric AS "BYTES", (pg_relation_size(r.oid) / 8192)::numeric AS "BLOCKS",
    1::numeric AS "EXTENTS",
    r.oid AS relation, r.kind
  FROM oracle.relation AS r WHERE r.kind IN ('r', 'i');
-- One extent per table: its blocks are numbered from 0, as ROWIDs have them.
CREATE VIEW oracle."EXTENTS" AS
  SELECT s."OWNER", s."SEGMENT_NAME", s."PARTITION_NAME", s."SEGMENT_TYPE", s."TABLESPACE_NAME",
    0::numeric AS "EXTENT_ID",
    0::numeric AS "FILE_ID", 0::numeric AS "BLOCK_ID", s."BYTES", s."BLOCKS", 0::numeric AS "RELATIVE_FNO", s.relation,
    s.kind
  FROM oracle."SEGMENTS" AS s;

SELECT oracle.make_dictionary(name, 'OWNER') FROM unnest(ARRAY['TABLES', 'TAB_COLS', 'TAB_COLUMNS', 'TAB_IDENTITY_COLS',
  'VIEWS', 'TAB_COMMENTS', 'COL_COMMENTS', 'SEGMENTS', 'EXTENTS']) AS name;
-- Oracle has these for owners and for DBAs only.
DROP VIEW "SYS"."ALL_SEGMENTS", "SYS"."ALL_EXTENTS";
