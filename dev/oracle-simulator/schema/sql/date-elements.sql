-- TO_DATE and its like: one element of a mask read from a text.

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

CREATE FUNCTION oracle.check_element(name text, value integer) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
  CASE name
    WHEN 'month' THEN
      IF value NOT BETWEEN 1 AND 12 THEN PERFORM oracle.raise(1843, 'not a valid month'); END IF;
    WHEN 'day' THEN
      IF value NOT BETWEEN 1 AND 31 THEN
        PERFORM oracle.raise(1847, 'day of month must be between 1 and last day of month');
      END IF;
    WHEN 'minute' THEN
      IF value > 59 THEN PERFORM oracle.raise(1851, 'minutes must be between 0 and 59'); END IF;
    WHEN 'second' THEN
      IF value > 59 THEN PERFORM oracle.raise(1852, 'seconds must be between 0 and 59'); END IF;
    WHEN 'secondOfDay' THEN
      IF value > 86399 THEN PERFORM oracle.raise(1853, 'seconds in day must be between 0 and 86399'); END IF;
    WHEN 'julian' THEN
      IF value NOT BETWEEN 1 AND 5373484 THEN
        PERFORM oracle.raise(1854, 'julian date must be between 1 and 5373484');
      END IF;
    WHEN 'zoneHour' THEN
      IF value > 15 THEN PERFORM oracle.raise(1874, 'time zone hour must be between -15 and 15'); END IF;
    WHEN 'zoneMinute' THEN
      IF value > 59 THEN PERFORM oracle.raise(1875, 'time zone minute must be between -59 and 59'); END IF;
    ELSE
      NULL;
  END CASE;
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
  PERFORM oracle.check_element(name, digits::integer) WHERE name <> 'fraction';
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
    RETURN timestamp '2000-01-01' + make_interval(days => (parts ->> 'julian')::integer - 2451545);
  END IF;
  IF parts ->> 'era' = 'B' THEN year := -year; END IF;
  IF year NOT BETWEEN -4712 AND 9999 OR year = 0 THEN
    PERFORM oracle.raise(1841, '(full) year must be between -4713 and +9999, and not be 0');
  END IF;
  first := make_timestamp(year, month, 1, 0, 0, 0);
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
  IF parts ? 'secondOfDay' THEN RETURN parts ->> 'secondOfDay'; END IF;
  IF parts ? 'clock' THEN
    IF hour NOT BETWEEN 1 AND 12 THEN PERFORM oracle.raise(1849, 'hour must be between 1 and 12'); END IF;
    hour := hour % 12 + CASE WHEN parts ->> 'half' = 'P' THEN 12 ELSE 0 END;
  ELSIF parts ? 'half' AND parts ? 'hour' THEN
    PERFORM oracle.raise(1818, '''HH24'' precludes use of meridian indicator');
  END IF;
  IF hour > 23 THEN PERFORM oracle.raise(1850, 'hour must be between 0 and 23'); END IF;
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
  RETURN left(hour, 1) || lpad(substr(hour, 2), 2, '0') || ':' || lpad(minute::text, 2, '0');
END
$$;

