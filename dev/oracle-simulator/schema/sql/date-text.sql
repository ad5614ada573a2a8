-- TO_CHAR of dates. Written so that the planner opens the functions and turns a constant mask into PostgreSQL's before the
-- first row: then a call costs what PostgreSQL's to_char does.

CREATE FUNCTION oracle.nls_format(name text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
  RETURN coalesce(NULLIF(current_setting('oracle.nls_' || name || '_format', true), ''), CASE name
    WHEN 'date' THEN 'DD-MON-RR'
    WHEN 'timestamp' THEN 'DD-MON-RR HH.MI.SSXFF AM'
    WHEN 'timestamp_tz' THEN 'DD-MON-RR HH.MI.SSXFF AM TZR'
  END);
END
$$;

-- Names of days and months are English: another language is refused.
CREATE FUNCTION oracle.language_mask(mask text, nls text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
  IF nls !~* '^\s*NLS_DATE_LANGUAGE\s*=\s*''?(AMERICAN|ENGLISH)''?\s*$' THEN
    PERFORM oracle.raise(12702, 'invalid NLS parameter string used in SQL function');
  END IF;
  RETURN CASE WHEN nls IS NOT NULL THEN mask END;
END
$$;

CREATE FUNCTION oracle.to_char(timestamp, text) RETURNS text STABLE PARALLEL SAFE
  RETURN NULLIF(CASE
    WHEN oracle.date_mask($2, 'timestamp') IS NOT NULL AND oracle.mask_fits($2, $1)
      THEN pg_catalog.to_char($1, oracle.date_mask($2, 'timestamp'))
    ELSE oracle.format_tokens($1, $2, 'timestamp')
  END, '');
CREATE FUNCTION oracle.to_char(oracle.date, text) RETURNS text STABLE PARALLEL SAFE
  RETURN NULLIF(CASE
    WHEN oracle.date_mask($2, 'date') IS NOT NULL AND oracle.mask_fits($2, $1::timestamp)
      THEN pg_catalog.to_char($1::timestamp, oracle.date_mask($2, 'date'))
    ELSE oracle.format_tokens($1::timestamp, $2, 'date')
  END, '');
-- In the session's time zone: the original one is not kept.
CREATE FUNCTION oracle.to_char(timestamptz, text) RETURNS text STABLE PARALLEL SAFE
  RETURN NULLIF(CASE
    WHEN oracle.date_mask($2, 'zoned') IS NOT NULL AND oracle.mask_fits($2, $1::timestamp)
      THEN pg_catalog.to_char($1, oracle.date_mask($2, 'zoned'))
    ELSE oracle.format_tokens($1::timestamp, $2, 'timestamp')
  END, '');

-- Digits seven to nine in the place of their mark.
CREATE FUNCTION oracle.mark_nanoseconds(value text, nanoseconds text) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(
    value, E'\x01', nanoseconds), E'\x02', "left"(nanoseconds, 2)), E'\x03', "left"(nanoseconds, 1));
CREATE FUNCTION oracle.to_char(oracle.timestamp9, text) RETURNS text STABLE PARALLEL SAFE
  RETURN NULLIF(oracle.mark_nanoseconds(CASE
    WHEN oracle.date_mask($2, 'timestamp9') IS NOT NULL AND oracle.mask_fits($2, oracle.microsecond_down($1))
      THEN pg_catalog.to_char(oracle.microsecond_down($1), oracle.date_mask($2, 'timestamp9'))
    ELSE oracle.format_tokens(oracle.microsecond_down($1), $2, 'timestamp9')
  END, "right"(textin(oracle.timestamp9_text($1)), 3)), '');

CREATE FUNCTION oracle.to_char(oracle.date, text, text) RETURNS text STABLE PARALLEL SAFE
  RETURN oracle.to_char($1, oracle.language_mask($2, $3));
CREATE FUNCTION oracle.to_char(timestamp, text, text) RETURNS text STABLE PARALLEL SAFE
  RETURN oracle.to_char($1, oracle.language_mask($2, $3));
CREATE FUNCTION oracle.to_char(timestamptz, text, text) RETURNS text STABLE PARALLEL SAFE
  RETURN oracle.to_char($1, oracle.language_mask($2, $3));
CREATE FUNCTION oracle.to_char(oracle.timestamp9, text, text) RETURNS text STABLE PARALLEL SAFE
  RETURN oracle.to_char($1, oracle.language_mask($2, $3));

CREATE FUNCTION oracle.to_char(oracle.date) RETURNS text STABLE PARALLEL SAFE
  RETURN oracle.to_char($1, oracle.nls_format('date'));
CREATE FUNCTION oracle.to_char(timestamp) RETURNS text STABLE PARALLEL SAFE
  RETURN oracle.to_char($1, oracle.nls_format('timestamp'));
CREATE FUNCTION oracle.to_char(oracle.timestamp9) RETURNS text STABLE PARALLEL SAFE
  RETURN oracle.to_char($1, oracle.nls_format('timestamp'));
CREATE FUNCTION oracle.to_char(timestamptz) RETURNS text STABLE PARALLEL SAFE
  RETURN oracle.to_char($1, oracle.nls_format('timestamp_tz'));

-- `+03-11` with months only, else `+12 03:04:05.123456`.
CREATE FUNCTION oracle.to_char(value interval) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  months integer := EXTRACT(year FROM value) * 12 + EXTRACT(month FROM value);
  microseconds numeric := (EXTRACT(epoch FROM value) - EXTRACT(epoch FROM make_interval(months => months))) * 1000000;
  size numeric := abs(microseconds);
BEGIN
  IF months <> 0 THEN
    RETURN CASE WHEN months < 0 THEN '-' ELSE '+' END || to_char(abs(months) / 12, 'FM99999900') || '-'
      || to_char(abs(months) % 12, 'FM00');
  END IF;
  RETURN CASE WHEN microseconds < 0 THEN '-' ELSE '+' END || to_char(div(size, 86400000000), 'FM99999900') || ' '
    || to_char(div(size, 3600000000) % 24, 'FM00') || ':' || to_char(div(size, 60000000) % 60, 'FM00') || ':'
    || to_char(div(size, 1000000) % 60, 'FM00') || '.' || to_char(size % 1000000, 'FM000000');
END
$$;

-- What is text already, or nearly.
CREATE FUNCTION oracle.to_char(text) RETURNS text IMMUTABLE PARALLEL SAFE RETURN NULLIF($1, '');
CREATE FUNCTION oracle.to_char(text, text) RETURNS text STABLE PARALLEL SAFE
  RETURN oracle.to_char(oracle.to_number($1), $2);
CREATE FUNCTION oracle.to_char(text, text, text) RETURNS text STABLE PARALLEL SAFE
  RETURN oracle.to_char(oracle.to_number($1), $2, $3);
CREATE FUNCTION oracle.to_char(bpchar) RETURNS text IMMUTABLE PARALLEL SAFE RETURN NULLIF($1::text, '');
CREATE FUNCTION oracle.to_char(oracle.clob) RETURNS text IMMUTABLE PARALLEL SAFE RETURN NULLIF($1::text, '');
CREATE FUNCTION oracle.to_char(oracle.nclob) RETURNS text IMMUTABLE PARALLEL SAFE RETURN NULLIF($1::text, '');
CREATE FUNCTION oracle.to_char(oracle.long) RETURNS text IMMUTABLE PARALLEL SAFE RETURN NULLIF($1::text, '');
CREATE FUNCTION oracle.to_char(oracle.rowid) RETURNS text IMMUTABLE PARALLEL SAFE RETURN $1::text;
CREATE FUNCTION oracle.to_char(oracle.raw) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN NULLIF(pg_catalog.upper(encode($1::bytea, 'hex')), '');
