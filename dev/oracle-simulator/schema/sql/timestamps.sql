-- TIMESTAMP(7) to (9): text `YYYY-MM-DD HH:MM:SS.fffffffff`, always 29 characters, so that it sorts. Years before Christ
-- have ` BC` behind: values may, on their way into a TIMESTAMP of fewer digits, columns of this type may not.
-- Conversions between DATE, TIMESTAMP, TIMESTAMP9 and zoned timestamps.

CREATE FUNCTION oracle.nine_digit_timestamp(iso text) RETURNS oracle.timestamp9 IMMUTABLE STRICT PARALLEL SAFE
  RETURN oracle.as_timestamp9(textout(pg_catalog.rpad(
    regexp_replace(iso, '(:\d\d)?( BC)?$', CASE WHEN iso LIKE '%.%' THEN '\1' ELSE '\1.' END), 29, '0')
    || CASE WHEN iso LIKE '% BC' THEN ' BC' ELSE '' END));
CREATE FUNCTION oracle.timestamp9(timestamp) RETURNS oracle.timestamp9 IMMUTABLE STRICT PARALLEL SAFE
  RETURN oracle.nine_digit_timestamp(textin(oracle.iso_text($1)));
-- Seventh digit rounds, as Oracle does when it goes into TIMESTAMP(6).
CREATE FUNCTION oracle.timestamp_of(oracle.timestamp9) RETURNS timestamp IMMUTABLE PARALLEL SAFE
  RETURN oracle.timestamp_iso(oracle.timestamp9_text($1), 0::oid, -1);
-- The microsecond at or before it, and at or after it.
CREATE FUNCTION oracle.microsecond_down(oracle.timestamp9) RETURNS timestamp IMMUTABLE PARALLEL SAFE
  RETURN oracle.timestamp_iso(textout(overlay(textin(oracle.timestamp9_text($1)) PLACING '' FROM 27 FOR 3)), 0::oid, -1);
CREATE FUNCTION oracle.microsecond_up(oracle.timestamp9) RETURNS timestamp IMMUTABLE PARALLEL SAFE
  RETURN CASE
    WHEN pg_catalog.substr(textin(oracle.timestamp9_text($1)), 27, 3) = '000' THEN oracle.microsecond_down($1)
    ELSE oracle.microsecond_down($1) + interval '1 microsecond'
  END;

-- Digits beyond the declared ones round.
CREATE FUNCTION oracle.timestamp9_of_precision(value oracle.timestamp9, typmod integer, explicit boolean)
RETURNS oracle.timestamp9
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  digits integer := typmod - 4;
  iso text := textin(oracle.timestamp9_text(value));
  unit integer := power(10, 9 - digits);
  nanoseconds integer;
BEGIN
  IF iso LIKE '% BC' THEN PERFORM oracle.raise(1841, '(full) year must be between -4713 and +9999, and not be 0'); END IF;
  IF digits >= 9 OR digits < 6 THEN RETURN value; END IF;
  nanoseconds := round(right(iso, 3)::numeric / unit) * unit;
  IF nanoseconds < 1000 THEN
    RETURN oracle.as_timestamp9(textout(left(iso, 26) || lpad(nanoseconds::text, 3, '0')));
  END IF;
  RETURN oracle.timestamp9(oracle.microsecond_down(value) + interval '1 microsecond');
END
$$;
CREATE CAST (oracle.timestamp9 AS oracle.timestamp9)
  WITH FUNCTION oracle.timestamp9_of_precision(oracle.timestamp9, integer, boolean) AS IMPLICIT;

-- Fractions of a second are cut where a DATE is wanted.
CREATE FUNCTION oracle.date_of(timestamp) RETURNS oracle.date IMMUTABLE PARALLEL SAFE
  RETURN oracle.date_trunc('second', $1);
CREATE FUNCTION oracle.date_of(timestamptz) RETURNS oracle.date STABLE PARALLEL SAFE
  RETURN oracle.date_trunc('second', $1::timestamp);
CREATE FUNCTION oracle.date_of(oracle.timestamp9) RETURNS oracle.date IMMUTABLE PARALLEL SAFE
  RETURN oracle.date_trunc('second', oracle.microsecond_down($1));
CREATE FUNCTION oracle.zoned_of(oracle.date) RETURNS timestamptz STABLE PARALLEL SAFE
  RETURN $1::timestamp::timestamptz;
CREATE FUNCTION oracle.zoned_of(oracle.timestamp9) RETURNS timestamptz STABLE PARALLEL SAFE
  RETURN oracle.timestamp_of($1)::timestamptz;
CREATE FUNCTION oracle.timestamp9_of(oracle.date) RETURNS oracle.timestamp9 IMMUTABLE PARALLEL SAFE
  RETURN oracle.timestamp9($1::timestamp);
CREATE FUNCTION oracle.timestamp9_of(timestamptz) RETURNS oracle.timestamp9 STABLE PARALLEL SAFE
  RETURN oracle.timestamp9($1::timestamp);

CREATE CAST (timestamp AS oracle.date) WITH FUNCTION oracle.date_of(timestamp) AS ASSIGNMENT;
CREATE CAST (timestamptz AS oracle.date) WITH FUNCTION oracle.date_of(timestamptz) AS ASSIGNMENT;
CREATE CAST (oracle.timestamp9 AS oracle.date) WITH FUNCTION oracle.date_of(oracle.timestamp9) AS ASSIGNMENT;
CREATE CAST (oracle.date AS timestamptz) WITH FUNCTION oracle.zoned_of(oracle.date) AS IMPLICIT;
CREATE CAST (oracle.timestamp9 AS timestamp) WITH FUNCTION oracle.timestamp_of(oracle.timestamp9) AS IMPLICIT;
CREATE CAST (oracle.timestamp9 AS timestamptz) WITH FUNCTION oracle.zoned_of(oracle.timestamp9) AS IMPLICIT;
CREATE CAST (timestamp AS oracle.timestamp9) WITH FUNCTION oracle.timestamp9(timestamp) AS ASSIGNMENT;
CREATE CAST (timestamptz AS oracle.timestamp9) WITH FUNCTION oracle.timestamp9_of(timestamptz) AS ASSIGNMENT;
CREATE CAST (oracle.date AS oracle.timestamp9) WITH FUNCTION oracle.timestamp9_of(oracle.date) AS ASSIGNMENT;

-- TIMESTAMP9 against TIMESTAMP and DATE without losing digits: the nine digits are moved to the microsecond that makes
-- the same comparison true, so that an index on either side serves.
DO $body$
DECLARE
  other text;
  comparison record;
BEGIN
  FOREACH other IN ARRAY ARRAY['timestamp', 'oracle.date'] LOOP
    FOR comparison IN
      SELECT * FROM (VALUES
        ('<', 'lt', '>', '>=', '$1::timestamp < oracle.microsecond_up($2)'),
        ('<=', 'le', '>=', '>', '$1::timestamp <= oracle.microsecond_down($2)'),
        ('>=', 'ge', '<=', '<', '$1::timestamp >= oracle.microsecond_up($2)'),
        ('>', 'gt', '<', '<=', '$1::timestamp > oracle.microsecond_down($2)'),
        ('=', 'eq', '=', '<>', '$1::timestamp = oracle.microsecond_down($2)
          AND oracle.microsecond_up($2) = oracle.microsecond_down($2)'),
        ('<>', 'ne', '<>', '=', '$1::timestamp <> oracle.microsecond_down($2)
          OR oracle.microsecond_up($2) <> oracle.microsecond_down($2)')
      ) AS t (operator, name, commutator, negator, condition)
    LOOP
      EXECUTE format('CREATE FUNCTION oracle.%1$I(%2$s, oracle.timestamp9) RETURNS boolean IMMUTABLE PARALLEL SAFE
        RETURN %3$s', 'timestamp9_is_' || comparison.name, other, comparison.condition);
      EXECUTE format('CREATE FUNCTION oracle.%1$I(oracle.timestamp9, %2$s) RETURNS boolean IMMUTABLE PARALLEL SAFE
        RETURN $1 OPERATOR(oracle.%3$s) oracle.timestamp9($2::timestamp)',
        'timestamp9_' || comparison.name, other, comparison.operator);
      EXECUTE format('CREATE OPERATOR oracle.%1$s (FUNCTION = oracle.%2$I, LEFTARG = %3$s, RIGHTARG = oracle.timestamp9,
        COMMUTATOR = OPERATOR(oracle.%4$s), NEGATOR = OPERATOR(oracle.%5$s))',
        comparison.operator, 'timestamp9_is_' || comparison.name, other, comparison.commutator, comparison.negator);
      EXECUTE format('CREATE OPERATOR oracle.%1$s (FUNCTION = oracle.%2$I, LEFTARG = oracle.timestamp9, RIGHTARG = %3$s,
        COMMUTATOR = OPERATOR(oracle.%4$s), NEGATOR = OPERATOR(oracle.%5$s))',
        comparison.operator, 'timestamp9_' || comparison.name, other, comparison.commutator, comparison.negator);
    END LOOP;
  END LOOP;
END
$body$;
