-- TO_DATE, TO_TIMESTAMP, TO_TIMESTAMP_TZ. The masks that programs use, with exact text, go to PostgreSQL's own reading;
-- everything else, and every error, is Oracle's rules in oracle.parse_datetime.

-- What was read: seconds and microseconds, digits seven to nine, zone ('+02:00', 'Europe/Berlin' or NULL).
CREATE TYPE oracle.parsed_datetime AS (stamp timestamp, nanoseconds integer, zone text);

-- Reading state of one text: what is left of it, and the values found so far by name.
CREATE TYPE oracle.datetime_reading AS (rest text, parts jsonb);

CREATE FUNCTION oracle.month_number(name text) RETURNS integer IMMUTABLE STRICT PARALLEL SAFE
  RETURN NULLIF((strpos('JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC', pg_catalog.upper("left"(name, 3))) + 2) / 3, 0);

-- Digits of a numeric element. FX wants all of them.
CREATE FUNCTION oracle.read_digits(rest text, most integer, exact boolean) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  digits text := substring(rest FROM '^\d{1,' || most || '}');
BEGIN
  IF digits IS NULL THEN
    IF rest = '' THEN PERFORM oracle.raise(1840, 'input value not long enough for date format'); END IF;
    PERFORM oracle.raise(1858, 'a non-numeric character was found where a numeric was expected');
  END IF;
  IF exact AND length(digits) < most THEN
    PERFORM oracle.raise(1862, 'the numeric value does not match the length of the format item');
  END IF;
  RETURN digits;
END
$$;

-- The four-digit year that two digits mean: YY of this century, RR of the nearest one.
CREATE FUNCTION oracle.full_year(digits text, element text) RETURNS integer
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  given integer := digits::integer;
  now_year integer := EXTRACT(year FROM statement_timestamp());
  century integer := now_year / 100 * 100;
BEGIN
  IF element LIKE 'RR%' THEN
    IF length(digits) > 2 THEN RETURN given; END IF;
    RETURN given + century + CASE
      WHEN now_year % 100 < 50 AND given >= 50 THEN -100
      WHEN now_year % 100 >= 50 AND given < 50 THEN 100
      ELSE 0
    END;
  END IF;
  RETURN CASE element
    WHEN 'YY' THEN CASE WHEN length(digits) > 2 THEN given ELSE century + given END
    WHEN 'Y' THEN now_year / 10 * 10 + given
    WHEN 'YYY' THEN now_year / 1000 * 1000 + given
    ELSE given
  END;
END
$$;

-- Elements that are words.
CREATE FUNCTION oracle.read_word(reading oracle.datetime_reading, element text) RETURNS oracle.datetime_reading
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  rest text := reading.rest;
  found text;
  days constant text := '^(sunday|monday|tuesday|wednesday|thursday|friday|saturday|sun|mon|tue|wed|thu|fri|sat)';
  months constant text := '^(january|february|march|april|may|june|july|august|september|october|november|december'
    || '|jan|feb|mar|apr|jun|jul|aug|sep|oct|nov|dec)';
BEGIN
  CASE
    WHEN element IN ('MONTH', 'MON', 'MM') THEN
      found := substring(lower(rest) FROM months);
      IF found IS NULL THEN PERFORM oracle.raise(1843, 'not a valid month'); END IF;
      reading.parts := reading.parts || jsonb_build_object('month', oracle.month_number(found));
    WHEN element IN ('DAY', 'DY') THEN
      found := substring(lower(rest) FROM days);
      IF found IS NULL THEN PERFORM oracle.raise(1846, 'not a valid day of the week'); END IF;
      reading.parts := reading.parts || jsonb_build_object('weekday', left(found, 3));
    WHEN element IN ('AM', 'PM', 'A.M.', 'P.M.') THEN
      found := substring(upper(rest) FROM '^([AP]M|[AP]\.M\.)');
      IF found IS NULL THEN PERFORM oracle.raise(1855, 'AM/A.M. or PM/P.M. required'); END IF;
      reading.parts := reading.parts || jsonb_build_object('half', left(found, 1));
    WHEN element IN ('AD', 'BC', 'A.D.', 'B.C.') THEN
      found := substring(upper(rest) FROM '^(AD|BC|A\.D\.|B\.C\.)');
      IF found IS NULL THEN PERFORM oracle.raise(1856, 'BC/B.C. or AD/A.D. required'); END IF;
      reading.parts := reading.parts || jsonb_build_object('era', left(found, 1));
    WHEN element = 'RM' THEN
      found := substring(upper(rest) FROM '^(VIII|VII|VI|V|IV|IX|III|II|I|XII|XI|X)');
      IF found IS NULL THEN PERFORM oracle.raise(1843, 'not a valid month'); END IF;
      reading.parts := reading.parts || jsonb_build_object('month',
        array_position(ARRAY['I', 'II', 'III', 'IV', 'V', 'VI', 'VII', 'VIII', 'IX', 'X', 'XI', 'XII'], found));
    ELSE
      -- TZR
      found := substring(rest FROM '^([+-]\d{1,2}:\d{2}|[A-Za-z_]+(/[A-Za-z_+-]+)*|[+-]\d{1,2})');
      IF found IS NULL THEN PERFORM oracle.raise(1882, 'timezone region not found'); END IF;
      reading.parts := reading.parts || jsonb_build_object('zone', found);
  END CASE;
  reading.rest := substr(rest, length(found) + 1);
  RETURN reading;
END
$$;

-- Elements that are numbers.
CREATE FUNCTION oracle.read_number(reading oracle.datetime_reading, element text, exact boolean)
RETURNS oracle.datetime_reading
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  rest text := reading.rest;
  sign text := '';
  digits text;
  name text;
BEGIN
  IF element IN ('SYYYY', 'TZH') THEN
    sign := coalesce(substring(rest FROM '^[+-]'), '');
    rest := substr(rest, length(sign) + 1);
  END IF;
  digits := oracle.read_digits(rest, CASE
    WHEN element IN ('YYYY', 'SYYYY', 'RRRR') THEN 4
    WHEN element IN ('YY', 'RR') AND NOT exact AND rest ~ '^\d{4}(\D|$)' THEN 4
    WHEN element IN ('YYY', 'DDD') THEN 3
    WHEN element IN ('Y', 'D') THEN 1
    WHEN element = 'SSSSS' THEN 5
    WHEN element = 'J' THEN 7
    WHEN element ~ '^FF[1-9]$' THEN right(element, 1)::integer
    WHEN element = 'FF' THEN 9
    ELSE 2
  END, exact AND element !~ '^FF');
  rest := substr(rest, length(digits) + 1);
  name := CASE
    WHEN element ~ '^(S?YYYY|YYY|YY|Y|RRRR|RR)$' THEN 'year'
    WHEN element ~ '^HH' THEN 'hour'
    WHEN element ~ '^FF' THEN 'fraction'
    ELSE CASE element WHEN 'MM' THEN 'month' WHEN 'DD' THEN 'day' WHEN 'MI' THEN 'minute' WHEN 'SS' THEN 'second'
      WHEN 'SSSSS' THEN 'secondOfDay' WHEN 'DDD' THEN 'dayOfYear' WHEN 'J' THEN 'julian' WHEN 'TZH' THEN 'zoneHour'
      WHEN 'TZM' THEN 'zoneMinute' WHEN 'D' THEN 'dayOfWeek' END
  END;
  reading.parts := reading.parts || CASE
    WHEN name = 'year' THEN jsonb_build_object('year', CASE sign WHEN '-' THEN -1 ELSE 1 END * oracle.full_year(digits, element))
    WHEN name = 'fraction' THEN jsonb_build_object('fraction', rpad(digits, 9, '0'))
    WHEN element IN ('HH', 'HH12') THEN jsonb_build_object('hour', digits::integer, 'clock', 12)
    WHEN name = 'zoneHour' THEN jsonb_build_object('zoneHour', CASE sign WHEN '' THEN '+' ELSE sign END || digits)
    ELSE jsonb_build_object(name, digits::integer)
  END;
  reading.rest := rest;
  RETURN reading;
END
$$;

CREATE FUNCTION oracle.date_of_parts(parts jsonb) RETURNS timestamp
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  year integer := coalesce((parts ->> 'year')::integer, EXTRACT(year FROM statement_timestamp())::integer);
  month integer := coalesce((parts ->> 'month')::integer, CASE WHEN parts ? 'dayOfYear' THEN 1
    ELSE EXTRACT(month FROM statement_timestamp())::integer END);
  day integer := coalesce((parts ->> 'day')::integer, 1);
  day_of_year integer := (parts ->> 'dayOfYear')::integer;
  first timestamp;
BEGIN
  IF parts ? 'julian' THEN
    IF (parts ->> 'julian')::integer NOT BETWEEN 1 AND 5373484 THEN
      PERFORM oracle.raise(1854, 'julian date must be between 1 and 5373484');
    END IF;
    RETURN timestamp '2000-01-01' + make_interval(days => (parts ->> 'julian')::integer - 2451545);
  END IF;
  IF parts ->> 'era' = 'B' THEN year := -year; END IF;
  IF year NOT BETWEEN -4712 AND 9999 OR year = 0 THEN
    PERFORM oracle.raise(1841, '(full) year must be between -4713 and +9999, and not be 0');
  END IF;
  IF month NOT BETWEEN 1 AND 12 THEN PERFORM oracle.raise(1843, 'not a valid month'); END IF;
  first := make_timestamp(year, month, 1, 0, 0, 0);
  IF day NOT BETWEEN 1 AND 31 THEN
    PERFORM oracle.raise(1847, 'day of month must be between 1 and last day of month');
  END IF;
  IF EXTRACT(month FROM first + make_interval(days => day - 1)) <> month THEN
    PERFORM oracle.raise(1839, 'date not valid for month specified');
  END IF;
  IF day_of_year IS NULL THEN RETURN first + make_interval(days => day - 1); END IF;
  IF day_of_year < 1 OR EXTRACT(year FROM first + make_interval(days => day_of_year - 1)) <> year AND NOT parts ? 'month' THEN
    PERFORM oracle.raise(1848, 'day of year must be between 1 and 365 (366 for leap year)');
  END IF;
  RETURN make_timestamp(year, 1, 1, 0, 0, 0) + make_interval(days => day_of_year - 1);
END
$$;

CREATE FUNCTION oracle.seconds_of_parts(parts jsonb) RETURNS integer
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  hour integer := coalesce((parts ->> 'hour')::integer, 0);
  minute integer := coalesce((parts ->> 'minute')::integer, 0);
  second integer := coalesce((parts ->> 'second')::integer, 0);
BEGIN
  IF parts ? 'secondOfDay' THEN
    IF (parts ->> 'secondOfDay')::integer > 86399 THEN
      PERFORM oracle.raise(1853, 'seconds in day must be between 0 and 86399');
    END IF;
    RETURN parts ->> 'secondOfDay';
  END IF;
  IF parts ? 'clock' THEN
    IF hour NOT BETWEEN 1 AND 12 THEN PERFORM oracle.raise(1849, 'hour must be between 1 and 12'); END IF;
    hour := hour % 12 + CASE WHEN parts ->> 'half' = 'P' THEN 12 ELSE 0 END;
  ELSIF parts ? 'half' AND parts ? 'hour' THEN
    PERFORM oracle.raise(1818, '''HH24'' precludes use of meridian indicator');
  END IF;
  IF hour > 23 THEN PERFORM oracle.raise(1850, 'hour must be between 0 and 23'); END IF;
  IF minute > 59 THEN PERFORM oracle.raise(1851, 'minutes must be between 0 and 59'); END IF;
  IF second > 59 THEN PERFORM oracle.raise(1852, 'seconds must be between 0 and 59'); END IF;
  RETURN hour * 3600 + minute * 60 + second;
END
$$;

CREATE FUNCTION oracle.zone_of_parts(parts jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  hour text := parts ->> 'zoneHour';
  minute integer := coalesce((parts ->> 'zoneMinute')::integer, 0);
BEGIN
  IF parts ? 'zone' OR hour IS NULL THEN RETURN parts ->> 'zone'; END IF;
  IF hour::integer NOT BETWEEN -15 AND 15 THEN PERFORM oracle.raise(1874, 'time zone hour must be between -15 and 15'); END IF;
  IF minute > 59 THEN PERFORM oracle.raise(1875, 'time zone minute must be between -59 and 59'); END IF;
  RETURN left(hour, 1) || lpad(substr(hour, 2), 2, '0') || ':' || lpad(minute::text, 2, '0');
END
$$;

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
      IF exact AND left(reading.rest, 1) <> element THEN PERFORM oracle.raise(1861, 'literal does not match format string'); END IF;
      IF element = ' ' THEN
        reading.rest := CASE WHEN exact THEN substr(reading.rest, 2) ELSE regexp_replace(reading.rest, '^([^[:alnum:]+-]| *)', '') END;
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
    || '((0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)([ T]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?)?$');
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
