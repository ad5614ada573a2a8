-- What the dictionary's views are made of: objects of users and of SYS, and columns with Oracle's types. Everything is in
-- schema oracle and seen by nobody but the views.

CREATE VIEW oracle.owner AS
  SELECT n.oid, n.nspname AS name FROM pg_namespace AS n
  WHERE n.nspname = 'SYS' OR EXISTS (SELECT FROM oracle.account AS a WHERE a.name = n.nspname);

-- kind: r table, p partitioned table, v view, i index, S sequence.
CREATE VIEW oracle.relation AS
  SELECT c.oid, o.name AS owner, c.relname AS name,
    CASE c.relkind WHEN 'm' THEN 'v'::"char" WHEN 'I' THEN 'i' ELSE c.relkind END AS kind,
    c.reltuples, c.relpages, c.relpersistence = 't' AS is_temporary, c.relam, c.relowner,
    c.relkind = 'v' AND EXISTS (SELECT FROM oracle.synonym AS s WHERE s.owner = o.name AND s.name = c.relname)
      AS is_synonym
  FROM pg_class AS c JOIN oracle.owner AS o ON o.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'i', 'I', 'S');

-- Any privilege on it, or on one of its columns; triggers (T) are their owners' affair, whoever may read the table. Views run for whoever asks: current_user is the session's.
CREATE FUNCTION oracle.may_see(relation oid, kind "char") RETURNS boolean STABLE
  RETURN CASE kind
    WHEN 'T' THEN oracle.has_system_privilege(oracle.caller(), 'CREATE ANY TRIGGER')
    WHEN 'S' THEN has_sequence_privilege(relation, 'USAGE, SELECT, UPDATE')
    ELSE has_table_privilege(relation, 'SELECT, INSERT, UPDATE, DELETE, REFERENCES, TRIGGER')
      OR has_any_column_privilege(relation, 'SELECT, INSERT, UPDATE, REFERENCES')
  END;

-- The type of Oracle's that a PostgreSQL type stands for where nothing was declared. The same rules are in types.ts, for
-- results.
CREATE TYPE oracle.column_type AS (name text, precision integer, scale integer, length integer, unit text);
CREATE FUNCTION oracle.type_of(type oid, typmod integer) RETURNS oracle.column_type
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
DECLARE
  scale integer := (typmod - 4) & 2047;
  fields integer := (typmod >> 16) & 32767;
  digits integer := CASE WHEN typmod < 0 OR typmod & 65535 > 6 THEN 6 ELSE typmod & 65535 END;
BEGIN
  RETURN CASE type
    WHEN 'numeric'::regtype THEN
      CASE WHEN typmod < 4 THEN ROW ('NUMBER', NULL, NULL, NULL, NULL)::oracle.column_type
      ELSE ROW ('NUMBER', (typmod - 4) >> 16, CASE WHEN scale > 1023 THEN scale - 2048 ELSE scale END, NULL,
        NULL)::oracle.column_type END
    WHEN 'int2'::regtype THEN ROW ('NUMBER', 5, 0, NULL, NULL)::oracle.column_type
    WHEN 'int4'::regtype THEN ROW ('NUMBER', 10, 0, NULL, NULL)::oracle.column_type
    WHEN 'int8'::regtype THEN ROW ('NUMBER', 19, 0, NULL, NULL)::oracle.column_type
    WHEN 'bool'::regtype THEN ROW ('NUMBER', 1, 0, NULL, NULL)::oracle.column_type
    WHEN 'float4'::regtype THEN ROW ('BINARY_FLOAT', NULL, NULL, NULL, NULL)::oracle.column_type
    WHEN 'float8'::regtype THEN ROW ('BINARY_DOUBLE', NULL, NULL, NULL, NULL)::oracle.column_type
    WHEN 'bpchar'::regtype THEN
      ROW ('CHAR', NULL, NULL, CASE WHEN typmod > 4 THEN typmod - 4 ELSE 2000 END, 'CHAR')::oracle.column_type
    WHEN 'varchar'::regtype THEN
      ROW ('VARCHAR2', NULL, NULL, CASE WHEN typmod > 4 THEN typmod - 4 ELSE 4000 END, 'CHAR')::oracle.column_type
    WHEN 'oracle.date'::regtype THEN ROW ('DATE', NULL, NULL, NULL, NULL)::oracle.column_type
    WHEN 'date'::regtype THEN ROW ('DATE', NULL, NULL, NULL, NULL)::oracle.column_type
    WHEN 'timestamp'::regtype THEN ROW ('TIMESTAMP', NULL, digits, NULL, NULL)::oracle.column_type
    WHEN 'oracle.timestamp9'::regtype THEN
      ROW ('TIMESTAMP', NULL, CASE WHEN typmod > 4 THEN typmod - 4 ELSE 9 END, NULL, NULL)::oracle.column_type
    WHEN 'timestamptz'::regtype THEN ROW ('TIMESTAMP WITH TIME ZONE', NULL, digits, NULL, NULL)::oracle.column_type
    WHEN 'interval'::regtype THEN
      -- Bits 1 and 2 are months and years, 3 and 10 to 12 the fields of a day.
      CASE WHEN typmod >= 0 AND fields & 7176 = 0 THEN ROW ('INTERVAL YEAR TO MONTH', 2, NULL, NULL, NULL)::oracle.column_type
      ELSE ROW ('INTERVAL DAY TO SECOND', 2, digits, NULL, NULL)::oracle.column_type END
    WHEN 'oracle.raw'::regtype THEN
      ROW ('RAW', NULL, NULL, CASE WHEN typmod > 4 THEN typmod - 4 ELSE 2000 END, NULL)::oracle.column_type
    WHEN 'bytea'::regtype THEN ROW ('RAW', NULL, NULL, 2000, NULL)::oracle.column_type
    WHEN 'oracle.clob'::regtype THEN ROW ('CLOB', NULL, NULL, NULL, NULL)::oracle.column_type
    WHEN 'oracle.nclob'::regtype THEN ROW ('NCLOB', NULL, NULL, NULL, NULL)::oracle.column_type
    WHEN 'oracle.blob'::regtype THEN ROW ('BLOB', NULL, NULL, NULL, NULL)::oracle.column_type
    WHEN 'oracle.long'::regtype THEN ROW ('LONG', NULL, NULL, NULL, NULL)::oracle.column_type
    WHEN 'oracle.rowid'::regtype THEN ROW ('ROWID', NULL, NULL, NULL, NULL)::oracle.column_type
    ELSE ROW ('VARCHAR2', NULL, NULL, 4000, 'BYTE')::oracle.column_type
  END;
END
$$;

-- Columns of tables and views, as declared where that is known.
CREATE VIEW oracle.column_detail AS
  SELECT a.attrelid AS relation, a.attnum AS number, a.attname AS name, r.owner, r.name AS table_name, r.kind,
    coalesce(d.type_name, t.name) AS type_name,
    CASE WHEN d.type_name IS NULL THEN t.precision ELSE d.precision END AS precision,
    CASE WHEN d.type_name IS NULL THEN t.scale ELSE d.scale END AS scale,
    CASE WHEN d.type_name IS NULL THEN t.length ELSE d.length END AS length,
    CASE WHEN d.type_name IS NULL THEN t.unit ELSE d.unit END AS unit,
    coalesce(d.nullable, NOT a.attnotnull) AS is_nullable,
    a.attgenerated <> '' AS is_virtual,
    pg_get_expr(x.adbin, x.adrelid) AS default_text,
    EXISTS (SELECT FROM pg_class AS s WHERE s.relkind = 'S' AND s.relname = format('ISEQ$$_%s_%s', a.attrelid, a.attnum))
      OR a.attidentity <> '' AS is_identity,
    row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) AS place
  FROM oracle.relation AS r
  JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef AS x ON x.adrelid = a.attrelid AND x.adnum = a.attnum
  LEFT JOIN oracle.declared_column AS d
    ON d.table_schema = r.owner AND d.table_name = r.name AND d.column_name = a.attname
  CROSS JOIN LATERAL oracle.type_of(a.atttypid, a.atttypmod) AS t
  WHERE r.kind IN ('r', 'p', 'v') AND NOT r.is_synonym;

-- Describe reads it on behalf of any session; it says no more than PostgreSQL's own catalog.
GRANT SELECT ON oracle.column_detail TO PUBLIC;

-- `TIMESTAMP(6) WITH TIME ZONE`.
CREATE FUNCTION oracle.spelled_type(name text, "precision" integer, scale integer) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
BEGIN
  RETURN CASE name
    WHEN 'TIMESTAMP' THEN format('TIMESTAMP(%s)', coalesce(scale, 6))
    WHEN 'TIMESTAMP WITH TIME ZONE' THEN format('TIMESTAMP(%s) WITH TIME ZONE', coalesce(scale, 6))
    WHEN 'TIMESTAMP WITH LOCAL TIME ZONE' THEN format('TIMESTAMP(%s) WITH LOCAL TIME ZONE', coalesce(scale, 6))
    WHEN 'INTERVAL YEAR TO MONTH' THEN format('INTERVAL YEAR(%s) TO MONTH', coalesce("precision", 2))
    WHEN 'INTERVAL DAY TO SECOND' THEN format('INTERVAL DAY(%s) TO SECOND(%s)', coalesce("precision", 2), coalesce(scale, 6))
    ELSE name
  END;
END
$$;
-- Bytes at most, in AL32UTF8 and AL16UTF16.
CREATE FUNCTION oracle.type_bytes(name text, scale integer, length integer, unit text) RETURNS integer
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
BEGIN
  RETURN CASE
    WHEN name = 'VARCHAR2' THEN CASE unit WHEN 'CHAR' THEN least(length * 4, 4000) ELSE length END
    WHEN name = 'CHAR' THEN CASE unit WHEN 'CHAR' THEN least(length * 4, 2000) ELSE length END
    WHEN name IN ('NVARCHAR2', 'NCHAR') THEN length * 2
    WHEN name IN ('NUMBER', 'FLOAT') THEN 22
    WHEN name = 'DATE' THEN 7
    WHEN name IN ('TIMESTAMP', 'TIMESTAMP WITH LOCAL TIME ZONE') THEN CASE scale WHEN 0 THEN 7 ELSE 11 END
    WHEN name = 'TIMESTAMP WITH TIME ZONE' THEN 13
    WHEN name = 'INTERVAL YEAR TO MONTH' THEN 5
    WHEN name = 'INTERVAL DAY TO SECOND' THEN 11
    WHEN name = 'BINARY_FLOAT' THEN 4
    WHEN name = 'BINARY_DOUBLE' THEN 8
    WHEN name IN ('CLOB', 'NCLOB', 'BLOB', 'UROWID') THEN 4000
    WHEN name = 'RAW' THEN length
    WHEN name = 'ROWID' THEN 10
    ELSE 0
  END;
END
$$;
-- What DDL rendered, near enough to what was written: casts, the schema of our functions, and parentheses around
-- literals taken out. Which schemas PostgreSQL writes depends on the reader's search path.
CREATE FUNCTION oracle.source_text(expression text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog AS $$
DECLARE
  word constant text := 'sysdate|systimestamp|user|current_date|current_timestamp|localtimestamp';
  result text := regexp_replace(expression,
    '::(oracle\.)?("?[a-z][a-z0-9_]*"?( varying| precision| with(out)? time zone)?)(\(\d+(,\d+)?\))?', '', 'g');
BEGIN
  result := regexp_replace(result, '\m(oracle|pg_catalog)\.', '', 'g');
  result := regexp_replace(result, '(?<!\w)\((-?\d+(?:\.\d+)?|''[^'']*'')\)', '\1', 'g');
  IF result ~* ('^"?(' || word || ')"?\(\)$') THEN RETURN upper(btrim(rtrim(result, '()'), '"')); END IF;
  RETURN regexp_replace(result, '\m"?(' || word || ')"?\(\)', '\1', 'gi');
END
$$;

CREATE FUNCTION oracle.yes_no(boolean) RETURNS varchar IMMUTABLE RETURN CASE WHEN $1 THEN 'YES' ELSE 'NO' END::varchar(3);
CREATE FUNCTION oracle.y_n(boolean) RETURNS varchar IMMUTABLE RETURN CASE WHEN $1 THEN 'Y' ELSE 'N' END::varchar(1);

-- ALL_, USER_ and DBA_ views over a view of schema oracle whose columns are the dictionary's, and behind them `relation`
-- and `kind` of what is described. ALL_ shows what the user may see, USER_ what it owns, without the owner's column.
CREATE FUNCTION oracle.make_dictionary(name text, owner_column text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  columns text;
  own_columns text;
BEGIN
  SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum),
    string_agg(quote_ident(attname), ', ' ORDER BY attnum) FILTER (WHERE attname <> owner_column)
  INTO columns, own_columns
  FROM pg_attribute
  WHERE attrelid = format('oracle.%I', name)::regclass AND attnum > 0 AND attname NOT IN ('relation', 'kind');
  EXECUTE format('CREATE VIEW "SYS".%I AS SELECT %s FROM oracle.%I WHERE %3$I.%I = current_user
    OR oracle.may_see(relation, kind)', 'ALL_' || name, columns, name, owner_column);
  EXECUTE format('CREATE VIEW "SYS".%I AS SELECT %s FROM oracle.%I WHERE %3$I.%I = current_user', 'USER_' || name, own_columns,
    name, owner_column);
  EXECUTE format('CREATE VIEW "SYS".%I AS SELECT %s FROM oracle.%I', 'DBA_' || name, columns, name);
END
$$;
