-- Oracle errors out of SQL: SQLSTATE OR000, and the message as Oracle writes it, `ORA-01843: not a valid month`.
-- Whoever reads errors takes number and text from the message.

CREATE FUNCTION oracle.raise(number integer, message text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'OR000', MESSAGE = format('ORA-%s: %s', lpad(number::text, 5, '0'), message);
END
$$;

CREATE FUNCTION oracle.raise_application_error(number numeric, message text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF number IS NULL OR number NOT BETWEEN -20999 AND -20000 THEN
    PERFORM oracle.raise(21000, format('error number argument to raise_application_error of %s is out of range', number));
  END IF;
  PERFORM oracle.raise(abs(number)::integer, coalesce(message, ''));
END
$$;

-- In expressions, where a value is wanted. `value` keeps the planner from raising it ahead of time.
CREATE FUNCTION oracle.refuse(number integer, message text, value anyelement) RETURNS anyelement
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
BEGIN
  PERFORM oracle.raise(number, message);
  RETURN value;
END
$$;
