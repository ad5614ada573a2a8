-- Oracle's regular expressions by PostgreSQL's: both are POSIX with Perl's classes and non-greedy quantifiers. Letters are
-- Unicode's. Match parameters: i c n m x.

-- Without parameters Oracle's `.` stops at a newline and `^ $` are the ends of the text: PostgreSQL's flag p.
CREATE FUNCTION oracle.regexp_flags(parameters text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  given text := coalesce(parameters, '');
  case_flag text := coalesce(right(regexp_replace(given, '[^ic]', '', 'g'), 1), '');
  lines text := CASE
    WHEN strpos(given, 'n') > 0 AND strpos(given, 'm') > 0 THEN 'w'
    WHEN strpos(given, 'n') > 0 THEN 's'
    WHEN strpos(given, 'm') > 0 THEN 'n'
    ELSE 'p'
  END;
BEGIN
  IF given ~ '[^icnmx]' THEN PERFORM oracle.raise(1760, 'illegal argument for function'); END IF;
  RETURN lines || case_flag || CASE WHEN strpos(given, 'x') > 0 THEN 'x' ELSE '' END;
END
$$;

CREATE FUNCTION oracle.regexp_position(start numeric) RETURNS integer
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
  IF start < 1 THEN PERFORM oracle.raise(1428, format('argument ''%s'' is out of range', start)); END IF;
  RETURN oracle.whole(start);
END
$$;

CREATE FUNCTION oracle.regexp_like(text, text) RETURNS boolean IMMUTABLE PARALLEL SAFE
  RETURN pg_catalog.regexp_like($1 COLLATE pg_catalog.pg_c_utf8, $2, 'p');
CREATE FUNCTION oracle.regexp_like(text, text, text) RETURNS boolean IMMUTABLE PARALLEL SAFE
  RETURN pg_catalog.regexp_like($1 COLLATE pg_catalog.pg_c_utf8, $2, oracle.regexp_flags($3));

CREATE FUNCTION oracle.regexp_replace(text, text, text, numeric, numeric, text) RETURNS text IMMUTABLE PARALLEL SAFE
  -- `\&` is the whole match in PostgreSQL, two characters in Oracle.
  RETURN NULLIF(CASE WHEN $2 IS NULL THEN $1 ELSE pg_catalog.regexp_replace($1 COLLATE pg_catalog.pg_c_utf8, $2,
    pg_catalog.replace(coalesce($3, ''), '\&', '\\&'), oracle.regexp_position($4), greatest(oracle.whole($5), 0),
    oracle.regexp_flags($6)) END, '');
CREATE FUNCTION oracle.regexp_replace(text, text) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN oracle.regexp_replace($1, $2, NULL, 1, 0, NULL);
CREATE FUNCTION oracle.regexp_replace(text, text, text) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN oracle.regexp_replace($1, $2, $3, 1, 0, NULL);
CREATE FUNCTION oracle.regexp_replace(text, text, text, numeric) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN oracle.regexp_replace($1, $2, $3, $4, 0, NULL);
CREATE FUNCTION oracle.regexp_replace(text, text, text, numeric, numeric) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN oracle.regexp_replace($1, $2, $3, $4, $5, NULL);

CREATE FUNCTION oracle.regexp_substr(text, text, numeric, numeric, text, numeric) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN NULLIF(pg_catalog.regexp_substr($1 COLLATE pg_catalog.pg_c_utf8, $2, oracle.regexp_position($3),
    oracle.regexp_position($4), oracle.regexp_flags($5), oracle.whole($6)), '');
CREATE FUNCTION oracle.regexp_substr(text, text) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN oracle.regexp_substr($1, $2, 1, 1, NULL, 0);
CREATE FUNCTION oracle.regexp_substr(text, text, numeric) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN oracle.regexp_substr($1, $2, $3, 1, NULL, 0);
CREATE FUNCTION oracle.regexp_substr(text, text, numeric, numeric) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN oracle.regexp_substr($1, $2, $3, $4, NULL, 0);
CREATE FUNCTION oracle.regexp_substr(text, text, numeric, numeric, text) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN oracle.regexp_substr($1, $2, $3, $4, $5, 0);

CREATE FUNCTION oracle.regexp_instr(text, text, numeric, numeric, numeric, text) RETURNS numeric
  IMMUTABLE PARALLEL SAFE
  RETURN pg_catalog.regexp_instr($1 COLLATE pg_catalog.pg_c_utf8, $2, oracle.regexp_position($3),
    oracle.regexp_position($4), oracle.whole($5), oracle.regexp_flags($6))::numeric;
CREATE FUNCTION oracle.regexp_instr(text, text) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN oracle.regexp_instr($1, $2, 1, 1, 0, NULL);
CREATE FUNCTION oracle.regexp_instr(text, text, numeric) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN oracle.regexp_instr($1, $2, $3, 1, 0, NULL);
CREATE FUNCTION oracle.regexp_instr(text, text, numeric, numeric) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN oracle.regexp_instr($1, $2, $3, $4, 0, NULL);
CREATE FUNCTION oracle.regexp_instr(text, text, numeric, numeric, numeric) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN oracle.regexp_instr($1, $2, $3, $4, $5, NULL);

CREATE FUNCTION oracle.regexp_count(text, text, numeric, text) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN pg_catalog.regexp_count($1 COLLATE pg_catalog.pg_c_utf8, $2, oracle.regexp_position($3),
    oracle.regexp_flags($4))::numeric;
CREATE FUNCTION oracle.regexp_count(text, text) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN oracle.regexp_count($1, $2, 1, NULL);
CREATE FUNCTION oracle.regexp_count(text, text, numeric) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN oracle.regexp_count($1, $2, $3, NULL);
