-- TO_DATE, TO_TIMESTAMP, TO_TIMESTAMP_TZ. The masks that programs use, with exact text, go to PostgreSQL's own reading;
-- everything else, and every error, is Oracle's rules in oracle.parse_datetime.

-- What was read: seconds and microseconds, digits seven to nine, zone ('+02:00', 'Europe/Berlin' or NULL).
CREATE TYPE oracle.parsed_datetime AS (stamp timestamp, nanoseconds integer, zone text);

-- kind: date, timestamp or zoned, which says what elements may be there.
CREATE FUNCTION oracle.parse_datetime(value text, mask text, kind text) RETURNS oracle.parsed_datetime
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  reading oracle.datetime_reading := ROW (btrim(value, ' '), '{}'::jsonb);
  tokens text[] := oracle.mask_tokens(mask);
  place integer := 0;
  token text;
  element text;
  exact boolean := false;
  result oracle.parsed_datetime;
BEGIN
  FOREACH token IN ARRAY tokens LOOP
    place := place + 1;
    element := upper(substr(token, 2));
    IF token ~ '^P' THEN
      IF exact AND left(reading.rest, 1) <> element THEN
        PERFORM oracle.raise(1861, 'literal does not match format string');
      END IF;
      IF element = ' ' THEN
        reading.rest := CASE WHEN exact THEN substr(reading.rest, 2)
          ELSE regexp_replace(reading.rest, '^([^[:alnum:]+-]| *)', '') END;
      ELSIF reading.rest ~ '^[^[:alnum:]]' THEN
        reading.rest := substr(reading.rest, 2);
      -- Punctuation may be left out between numbers only.
      ELSIF reading.rest ~ '^[A-Za-z]' OR reading.rest <> '' AND tokens[place + 1] ~* '^E(MON|DAY|DY|AM|PM|RM)' THEN
        PERFORM oracle.raise(1861, 'literal does not match format string');
      END IF;
    ELSIF token ~ '^L' THEN
      IF reading.rest = '' THEN CONTINUE; END IF;
      IF left(reading.rest, length(element)) <> substr(token, 2) THEN
        PERFORM oracle.raise(1861, 'literal does not match format string');
      END IF;
      reading.rest := substr(reading.rest, length(element) + 1);
    ELSIF element = 'FX' THEN
      exact := NOT exact;
    ELSIF element = 'FM' THEN
      CONTINUE;
    ELSIF element IN ('Q', 'WW', 'IW', 'W', 'CC', 'SCC', 'IYYY', 'IYY', 'IY', 'I', 'Y,YYY') THEN
      PERFORM oracle.raise(1820, 'format code cannot appear in date input format');
    ELSIF element ~ '^FF' AND kind = 'date' OR element ~ '^TZ' AND kind <> 'zoned' THEN
      PERFORM oracle.raise(1821, 'date format not recognized');
    ELSE
      IF NOT exact THEN reading.rest := ltrim(reading.rest, ' '); END IF;
      IF element = 'X' THEN
        reading.rest := regexp_replace(reading.rest, '^\.', '');
      -- Hours, minutes, seconds may be missing at the end; years, months, days may not.
      ELSIF reading.rest = '' AND element ~ '^(HH|MI|SS|FF|AM|PM|A\.M|P\.M|TZ)' THEN
        CONTINUE;
      ELSIF element IN ('MONTH', 'MON', 'DAY', 'DY', 'AM', 'PM', 'A.M.', 'P.M.', 'AD', 'BC', 'A.D.', 'B.C.', 'RM', 'TZR')
        OR element = 'MM' AND NOT exact AND reading.rest ~ '^[A-Za-z]' THEN
        reading := oracle.read_word(reading, element);
      ELSE
        reading := oracle.read_number(reading, element, exact);
      END IF;
    END IF;
  END LOOP;
  IF reading.rest <> '' THEN
    PERFORM oracle.raise(1830, 'date format picture ends before converting entire input string');
  END IF;
  result.stamp := oracle.date_of_parts(reading.parts) + make_interval(secs => oracle.seconds_of_parts(reading.parts));
  IF reading.parts ? 'weekday' AND upper(reading.parts ->> 'weekday') <> to_char(result.stamp, 'DY') THEN
    PERFORM oracle.raise(1835, 'day of week conflicts with Julian date');
  END IF;
  result.stamp := result.stamp
    + coalesce(left(reading.parts ->> 'fraction', 6)::integer, 0) * interval '1 microsecond';
  result.nanoseconds := coalesce(right(reading.parts ->> 'fraction', 3)::integer, 0);
  result.zone := oracle.zone_of_parts(reading.parts);
  RETURN result;
END
$$;

-- Exact text of a day that is there in every year: nothing to check. Masks that it is read by are in oracle.is_iso_mask.
CREATE FUNCTION oracle.is_iso_text(text) RETURNS boolean IMMUTABLE PARALLEL SAFE
  RETURN $1 ~ ('^(000[1-9]|00[1-9]\d|0[1-9]\d\d|[1-9]\d{3})-'
    || '((0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)'
    || '([ T]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?)?$');
-- 0: none; 10: day; 19: with ' ', 20: with 'T' and seconds; 26, 27: with a fraction.
CREATE FUNCTION oracle.iso_mask(text) RETURNS integer IMMUTABLE PARALLEL SAFE
  RETURN CASE
    WHEN $1 !~ '^[^"]*("T"[^"]*)?$' THEN 0
    ELSE CASE pg_catalog.upper($1)
      WHEN 'YYYY-MM-DD' THEN 10
      WHEN 'YYYY-MM-DD HH24:MI:SS' THEN 19
      WHEN 'YYYY-MM-DD"T"HH24:MI:SS' THEN 20
      WHEN 'YYYY-MM-DD HH24:MI:SS.FF' THEN 26
      WHEN 'YYYY-MM-DD HH24:MI:SS.FF6' THEN 26
      WHEN 'YYYY-MM-DD HH24:MI:SS.FF9' THEN 26
      WHEN 'YYYY-MM-DD"T"HH24:MI:SS.FF' THEN 27
      WHEN 'YYYY-MM-DD"T"HH24:MI:SS.FF6' THEN 27
      WHEN 'YYYY-MM-DD"T"HH24:MI:SS.FF9' THEN 27
      ELSE 0
    END
  END;
CREATE FUNCTION oracle.reads_iso(text, text) RETURNS boolean IMMUTABLE PARALLEL SAFE
  RETURN CASE oracle.iso_mask($2)
    WHEN 0 THEN false
    WHEN 10 THEN pg_catalog.length($1) = 10 AND oracle.is_iso_text($1)
    WHEN 19 THEN pg_catalog.length($1) = 19 AND pg_catalog.substr($1, 11, 1) = ' ' AND oracle.is_iso_text($1)
    WHEN 20 THEN pg_catalog.length($1) = 19 AND pg_catalog.substr($1, 11, 1) = 'T' AND oracle.is_iso_text($1)
    WHEN 26 THEN pg_catalog.length($1) > 20 AND pg_catalog.substr($1, 11, 1) = ' ' AND oracle.is_iso_text($1)
    ELSE pg_catalog.length($1) > 20 AND pg_catalog.substr($1, 11, 1) = 'T' AND oracle.is_iso_text($1)
  END;

CREATE FUNCTION oracle.parse_date(value text, mask text) RETURNS oracle.date
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
  IF value IS NULL OR value = '' OR mask IS NULL THEN RETURN NULL; END IF;
  RETURN oracle.date_of((oracle.parse_datetime(value, mask, 'date')).stamp);
END
$$;
CREATE FUNCTION oracle.parse_timestamp(value text, mask text) RETURNS timestamp
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  parsed oracle.parsed_datetime;
BEGIN
  IF value IS NULL OR value = '' OR mask IS NULL THEN RETURN NULL; END IF;
  parsed := oracle.parse_datetime(value, mask, 'timestamp');
  RETURN parsed.stamp + CASE WHEN parsed.nanoseconds >= 500 THEN interval '1 microsecond' ELSE interval '0' END;
END
$$;

CREATE FUNCTION oracle.to_date(text, text) RETURNS oracle.date STABLE PARALLEL SAFE
  RETURN CASE
    WHEN oracle.iso_mask($2) < 26 AND oracle.reads_iso($1, $2) THEN oracle.date_iso(textout($1), 0::oid, -1)
    ELSE oracle.parse_date($1, $2)
  END;
CREATE FUNCTION oracle.to_timestamp(text, text) RETURNS timestamp STABLE PARALLEL SAFE
  RETURN CASE
    WHEN oracle.reads_iso($1, $2) THEN oracle.timestamp_iso(textout($1), 0::oid, -1)
    ELSE oracle.parse_timestamp($1, $2)
  END;
CREATE FUNCTION oracle.to_date(text, text, text) RETURNS oracle.date STABLE PARALLEL SAFE
  RETURN oracle.to_date($1, oracle.language_mask($2, $3));
CREATE FUNCTION oracle.to_timestamp(text, text, text) RETURNS timestamp STABLE PARALLEL SAFE
  RETURN oracle.to_timestamp($1, oracle.language_mask($2, $3));
CREATE FUNCTION oracle.to_date(text) RETURNS oracle.date STABLE PARALLEL SAFE
  RETURN oracle.parse_date($1, oracle.nls_format('date'));
CREATE FUNCTION oracle.to_timestamp(text) RETURNS timestamp STABLE PARALLEL SAFE
  RETURN oracle.parse_timestamp($1, oracle.nls_format('timestamp'));
-- All nine digits, for TIMESTAMP(7) and more.
CREATE FUNCTION oracle.to_timestamp9(value text, mask text) RETURNS oracle.timestamp9
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  parsed oracle.parsed_datetime;
  text9 text;
BEGIN
  IF value = '' THEN RETURN NULL; END IF;
  parsed := oracle.parse_datetime(value, mask, 'timestamp');
  text9 := textin(oracle.timestamp9_text(oracle.timestamp9(parsed.stamp)));
  RETURN oracle.as_timestamp9(textout(left(text9, 26) || lpad(parsed.nanoseconds::text, 3, '0')));
END
$$;
