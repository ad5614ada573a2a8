-- Input of DATE, TIMESTAMP9 and RAW from text that is not the simulator's own canonical form: untyped literals and
-- strings that a program binds where such a value is wanted. Oracle converts those by NLS_DATE_FORMAT,
-- NLS_TIMESTAMP_FORMAT and HEXTORAW, and a program that relies on another format must fail here too. (The canonical form
-- itself, `2024-05-01` and `2024-05-01 10:00:00`, cannot be told from a bound value: it is always taken.)
-- CREATE TYPE takes input functions in C only; a function in SQL serves as well once it is in the catalog.

CREATE FUNCTION oracle.date_input(value text) RETURNS oracle.date STABLE PARALLEL SAFE
  RETURN CASE WHEN value ~ '^\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?( BC)?$' THEN oracle.date_iso(textout(value), 0::oid, -1)
    ELSE oracle.to_date(value) END;
CREATE FUNCTION oracle.timestamp9_input(value text) RETURNS oracle.timestamp9 STABLE PARALLEL SAFE
  RETURN CASE
    WHEN value ~ '^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]) ([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?( BC)?$'
      THEN oracle.nine_digit_timestamp(value)
    ELSE oracle.to_timestamp9(value, oracle.nls_format('timestamp'))
  END;
CREATE FUNCTION oracle.raw_input(value text) RETURNS oracle.raw IMMUTABLE PARALLEL SAFE
  RETURN CASE WHEN value LIKE '\\x%' THEN oracle.as_raw(textout(value)) ELSE oracle.hextoraw(value) END;

UPDATE pg_catalog.pg_proc AS p
SET prolang = l.oid, prosrc = format('SELECT oracle.%s_input(pg_catalog.textin($1))', t.name)
FROM pg_catalog.pg_language AS l, (VALUES ('date'), ('timestamp9'), ('raw')) AS t (name)
WHERE l.lanname = 'sql' AND p.oid = format('oracle.%s_in(cstring, oid, integer)', t.name)::regprocedure;
