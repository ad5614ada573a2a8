-- What DDL of the dialect needs the catalog for: constraints that are dropped by their columns, synonyms, and rows of
-- ours that follow dropped objects.

CREATE FUNCTION oracle.drop_constraint_of(owner text, table_name text, kind "char", columns text[], is_cascading boolean)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  schema_name text := coalesce(owner, pg_catalog.current_schema()::text);
  relation oid := (SELECT c.oid FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = schema_name AND c.relname = table_name AND c.relkind IN ('r', 'p'));
  name text;
BEGIN
  IF relation IS NULL THEN PERFORM oracle.raise(942, 'table or view does not exist'); END IF;
  SELECT k.conname INTO name FROM pg_catalog.pg_constraint AS k
  WHERE k.conrelid = relation AND k.contype = kind AND (columns IS NULL OR columns = (
    SELECT pg_catalog.array_agg(a.attname::text ORDER BY u.place)
    FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY AS u (number, place)
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = relation AND a.attnum = u.number));
  IF name IS NULL THEN
    PERFORM oracle.raise(CASE kind WHEN 'p' THEN 2441 ELSE 2442 END,
      CASE kind WHEN 'p' THEN 'Cannot drop nonexistent primary key' ELSE 'Cannot drop nonexistent unique key' END);
  END IF;
  EXECUTE pg_catalog.format('ALTER TABLE %I.%I DROP CONSTRAINT %I%s', schema_name, table_name, name,
    CASE WHEN is_cascading THEN ' CASCADE' ELSE '' END);
END
$$;
CREATE FUNCTION oracle.drop_primary_key(text, text, boolean) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM oracle.drop_constraint_of($1, $2, 'p', NULL, $3);
END
$$;
CREATE FUNCTION oracle.drop_unique(text, text, text[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM oracle.drop_constraint_of($1, $2, 'u', $3, false);
END
$$;

CREATE FUNCTION oracle.record_synonym(entry oracle.synonym) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  DELETE FROM oracle.synonym AS s WHERE s.owner = entry.owner AND s.name = entry.name;
  INSERT INTO oracle.synonym SELECT entry.*;
END
$$;
-- A synonym is a view that works with the rights of whoever uses it.
CREATE FUNCTION oracle.create_synonym(owner text, name text, target_owner text, target text, is_replacing boolean)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  schema_name text := coalesce(owner, pg_catalog.current_schema()::text);
  target_schema text := coalesce(target_owner, pg_catalog.current_schema()::text);
  existing "char" := (SELECT c.relkind FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = schema_name AND c.relname = name);
BEGIN
  IF existing IS NOT NULL AND NOT (is_replacing AND existing = 'v' AND oracle.is_synonym(schema_name, name)) THEN
    PERFORM oracle.raise(955, 'name is already used by an existing object');
  END IF;
  IF existing IS NOT NULL THEN EXECUTE pg_catalog.format('DROP VIEW %I.%I', schema_name, name); END IF;
  EXECUTE pg_catalog.format('CREATE VIEW %I.%I WITH (security_invoker) AS SELECT * FROM %I.%I',
    schema_name, name, target_schema, target);
  EXECUTE pg_catalog.format('GRANT ALL ON %I.%I TO PUBLIC', schema_name, name);
  PERFORM oracle.record_synonym(ROW (schema_name, name, target_schema, target));
END
$$;
CREATE FUNCTION oracle.is_synonym(text, text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
RETURN EXISTS (SELECT FROM oracle.synonym WHERE owner = $1 AND name = $2);
CREATE FUNCTION oracle.drop_synonym(owner text, name text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  schema_name text := coalesce(owner, pg_catalog.current_schema()::text);
BEGIN
  IF NOT oracle.is_synonym(schema_name, name) THEN
    PERFORM oracle.raise(1434, 'private synonym to be dropped does not exist');
  END IF;
  EXECUTE pg_catalog.format('DROP VIEW %I.%I', schema_name, name);
END
$$;

CREATE FUNCTION oracle.forget_dropped() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  dropped record;
BEGIN
  FOR dropped IN SELECT * FROM pg_event_trigger_dropped_objects() WHERE classid = 'pg_class'::regclass LOOP
    IF dropped.object_type = 'table column' THEN
      DELETE FROM oracle.declared_column
      WHERE table_schema = dropped.address_names[1] AND table_name = dropped.address_names[2]
        AND column_name = dropped.address_names[3];
    ELSIF dropped.object_type IN ('table', 'view') THEN
      DELETE FROM oracle.declared_column WHERE table_schema = dropped.schema_name AND table_name = dropped.object_name;
      DELETE FROM oracle.synonym WHERE owner = dropped.schema_name AND name = dropped.object_name;
      DELETE FROM oracle.object_privilege WHERE owner = dropped.schema_name AND object = dropped.object_name;
    END IF;
  END LOOP;
END
$$;
CREATE EVENT TRIGGER oracle_forget_dropped ON sql_drop EXECUTE FUNCTION oracle.forget_dropped();

-- Renamed tables and columns keep what was declared of them.
CREATE FUNCTION oracle.follow_rename(
  old_schema text, old_table text, new_table text, old_column text, new_column text
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  UPDATE oracle.declared_column
  SET table_name = coalesce(new_table, table_name), column_name = coalesce(new_column, column_name)
  WHERE table_schema = old_schema AND table_name = old_table AND (old_column IS NULL OR column_name = old_column);
END
$$;

-- When objects were made and changed by DDL; of those that are not listed, the database's own time stands.
CREATE TABLE oracle.ddl_time (
  number oid PRIMARY KEY,
  created timestamptz,
  changed timestamptz NOT NULL
);
CREATE FUNCTION oracle.note_ddl(owner text, object_name text, is_new boolean) RETURNS void
LANGUAGE sql AS $$
  INSERT INTO oracle.ddl_time AS t (number, created, changed)
  SELECT o.number, CASE WHEN is_new THEN clock_timestamp() END, clock_timestamp()
  FROM (
    SELECT c.oid AS number FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = owner AND c.relname = object_name
    UNION ALL
    SELECT g.oid FROM pg_catalog.pg_trigger AS g JOIN pg_catalog.pg_proc AS p ON p.oid = g.tgfoid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname = owner AND p.proname = object_name || '$trigger'
  ) AS o
  ON CONFLICT (number) DO UPDATE SET changed = excluded.changed, created = coalesce(excluded.created, t.created);
$$;
