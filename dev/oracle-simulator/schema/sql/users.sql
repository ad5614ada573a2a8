-- Users: a role that cannot log on by itself, and a schema of the same name that the role may use, and create in as far
-- as its privileges go. Roles belong to the whole server: one that another database of it uses too is shared.

CREATE FUNCTION oracle.create_user(user_name text, password text, privileges text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF user_name IN ('SYS', 'PUBLIC') OR EXISTS (SELECT FROM oracle.account WHERE name = user_name) THEN
    PERFORM oracle.raise(1920, format('user name ''%s'' conflicts with another user or role name', user_name));
  END IF;
  -- PostgreSQL cuts longer names.
  IF octet_length(user_name) > 63 OR user_name ~ '^pg_' THEN
    PERFORM oracle.raise(1935, 'missing user or role name');
  END IF;
  BEGIN
    EXECUTE format('CREATE ROLE %I NOLOGIN', user_name);
  EXCEPTION WHEN duplicate_object OR unique_violation THEN
    IF oracle.is_superuser(user_name) THEN
      PERFORM oracle.raise(1920, format('user name ''%s'' conflicts with another user or role name', user_name));
    END IF;
  END;
  EXECUTE format('CREATE SCHEMA %I', user_name);
  -- Oracle knows no privileges on schemas, and nobody executes what was not granted.
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO PUBLIC', user_name);
  EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I REVOKE EXECUTE ON ROUTINES FROM PUBLIC', user_name);
  INSERT INTO oracle.account (name, password) VALUES (user_name, create_user.password);
  PERFORM oracle.open_objects(user_name, p.grantee, p.privilege) FROM oracle.system_privilege AS p;
  PERFORM oracle.grant_system(privileges, ARRAY[user_name], false);
END
$$;

CREATE FUNCTION oracle.require_user(user_name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM oracle.account WHERE name = user_name) THEN
    PERFORM oracle.raise(1918, format('user ''%s'' does not exist', user_name));
  END IF;
END
$$;

-- NULL: as it is.
CREATE FUNCTION oracle.alter_user(user_name text, new_password text, is_locked boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  PERFORM oracle.require_user(user_name);
  UPDATE oracle.account SET password = coalesce(new_password, password), locked = coalesce(is_locked, locked)
  WHERE name = user_name;
END
$$;

CREATE FUNCTION oracle.drop_user(user_name text, is_cascading boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  PERFORM oracle.require_user(user_name);
  IF EXISTS (SELECT FROM oracle.session AS s JOIN pg_stat_activity AS a ON a.pid = s.backend_pid
    WHERE s.username = user_name AND a.datname = current_database()) THEN
    PERFORM oracle.raise(1940, 'cannot drop a user that is currently connected');
  END IF;
  IF NOT is_cascading AND (EXISTS (SELECT FROM pg_class WHERE relnamespace = quote_ident(user_name)::regnamespace)
    OR EXISTS (SELECT FROM pg_proc WHERE pronamespace = quote_ident(user_name)::regnamespace)) THEN
    PERFORM oracle.raise(1922, format('CASCADE must be specified to drop ''%s''', user_name));
  END IF;
  EXECUTE format('DROP SCHEMA %I CASCADE', user_name);
  EXECUTE format('DROP OWNED BY %I CASCADE', user_name);
  DELETE FROM oracle.account WHERE name = user_name;
  DELETE FROM oracle.system_privilege WHERE grantee = user_name;
  DELETE FROM oracle.object_privilege WHERE grantee = user_name OR owner = user_name;
  DELETE FROM oracle.declared_column WHERE table_schema = user_name;
  DELETE FROM oracle.synonym WHERE owner = user_name;
  BEGIN
    EXECUTE format('DROP ROLE %I', user_name);
  EXCEPTION WHEN dependent_objects_still_exist THEN
    -- Another database of this server has a user of that name.
    NULL;
  END;
END
$$;

-- Virtual private database: rows of a table that a user sees, or may write. A restrictive policy of PostgreSQL's for
-- that user beside one that opens the table to all; the predicate is PostgreSQL's SQL over the table's columns.
CREATE FUNCTION oracle.is_exempt() RETURNS boolean STABLE
  RETURN oracle.has_system_privilege(oracle.caller(), 'EXEMPT ACCESS POLICY');
CREATE FUNCTION oracle.add_policy(
  owner text, object text, policy text, grantee text, predicate text, statements text[]
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  relation regclass := to_regclass(format('%I.%I', owner, object));
  statement text;
BEGIN
  IF relation IS NULL THEN PERFORM oracle.raise(942, 'table or view does not exist'); END IF;
  PERFORM oracle.check_grantee(grantee);
  IF EXISTS (SELECT FROM pg_policies WHERE schemaname = owner AND tablename = object
    AND regexp_replace(policyname, ' for [A-Z]+$', '') = policy) THEN
    PERFORM oracle.raise(28101, 'policy already exists');
  END IF;
  EXECUTE format('ALTER TABLE %1$s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', relation);
  IF NOT EXISTS (SELECT FROM pg_policies WHERE schemaname = owner AND tablename = object AND policyname = 'oracle_open') THEN
    EXECUTE format('CREATE POLICY oracle_open ON %s USING (true) WITH CHECK (true)', relation);
  END IF;
  FOREACH statement IN ARRAY statements LOOP
    IF statement NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE') THEN
      PERFORM oracle.raise(28104, 'input value for statement_types is not valid');
    END IF;
    EXECUTE format('CREATE POLICY %I ON %s AS RESTRICTIVE FOR %s TO %s %s (oracle.is_exempt() OR (%s))',
      policy || ' for ' || statement, relation, statement, oracle.role_name(grantee),
      CASE statement WHEN 'INSERT' THEN 'WITH CHECK' ELSE 'USING' END, predicate);
  END LOOP;
END
$$;
CREATE FUNCTION oracle.drop_policy(owner text, object text, policy text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  found text;
  dropped boolean := false;
BEGIN
  FOR found IN
    SELECT policyname FROM pg_policies WHERE schemaname = owner AND tablename = object
      AND regexp_replace(policyname, ' for [A-Z]+$', '') = policy
  LOOP
    EXECUTE format('DROP POLICY %I ON %I.%I', found, owner, object);
    dropped := true;
  END LOOP;
  IF NOT dropped THEN PERFORM oracle.raise(28102, 'policy does not exist'); END IF;
END
$$;
