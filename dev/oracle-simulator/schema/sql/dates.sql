-- Date functions: truncation and rounding by mask, months, parts, intervals.

CREATE FUNCTION oracle.date_unit(mask text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  name text := upper(mask);
BEGIN
  RETURN CASE
    WHEN name IN ('DDD', 'DD', 'J') THEN 'day'
    WHEN name IN ('MONTH', 'MON', 'MM', 'RM') THEN 'month'
    WHEN name IN ('SYYYY', 'YYYY', 'YEAR', 'SYEAR', 'YYY', 'YY', 'Y', 'RRRR', 'RR') THEN 'year'
    WHEN name = 'Q' THEN 'quarter'
    WHEN name IN ('CC', 'SCC') THEN 'century'
    WHEN name = 'IW' THEN 'week'
    WHEN name IN ('HH', 'HH12', 'HH24') THEN 'hour'
    WHEN name = 'MI' THEN 'minute'
    -- PostgreSQL has no such: see trunc_odd.
    WHEN name IN ('IYYY', 'IYY', 'IY', 'I') THEN 'iso year'
    WHEN name IN ('DAY', 'DY', 'D') THEN 'week of Sunday'
    WHEN name = 'WW' THEN 'week of year'
    WHEN name = 'W' THEN 'week of month'
    ELSE oracle.refuse(1898, 'too many precision specifiers', name)
  END;
END
$$;

CREATE FUNCTION oracle.trunc_odd(value timestamp, unit text) RETURNS oracle.date
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  day timestamp := date_trunc('day', value);
BEGIN
  RETURN oracle.date_of(CASE unit
    WHEN 'iso year' THEN date_trunc('week', make_timestamp(EXTRACT(isoyear FROM value)::integer, 1, 4, 0, 0, 0))
    WHEN 'week of Sunday' THEN day - make_interval(days => EXTRACT(dow FROM value)::integer)
    WHEN 'week of year' THEN day - make_interval(days => (EXTRACT(doy FROM value)::integer - 1) % 7)
    ELSE day - make_interval(days => (EXTRACT(day FROM value)::integer - 1) % 7)
  END);
END
$$;

CREATE FUNCTION oracle.trunc_to(timestamp, text) RETURNS oracle.date IMMUTABLE PARALLEL SAFE
  RETURN CASE
    WHEN oracle.date_unit($2) IN ('day', 'month', 'year', 'quarter', 'century', 'week', 'hour', 'minute')
      THEN oracle.date_trunc(oracle.date_unit($2), $1)
    ELSE oracle.trunc_odd($1, oracle.date_unit($2))
  END;
CREATE FUNCTION oracle.trunc(oracle.date) RETURNS oracle.date IMMUTABLE PARALLEL SAFE
  RETURN oracle.date_trunc('day', $1::timestamp);
CREATE FUNCTION oracle.trunc(timestamp) RETURNS oracle.date IMMUTABLE PARALLEL SAFE
  RETURN oracle.date_trunc('day', $1);
CREATE FUNCTION oracle.trunc(timestamptz) RETURNS oracle.date STABLE PARALLEL SAFE
  RETURN oracle.date_trunc('day', $1::timestamp);
CREATE FUNCTION oracle.trunc(oracle.timestamp9) RETURNS oracle.date IMMUTABLE PARALLEL SAFE
  RETURN oracle.date_trunc('day', oracle.microsecond_down($1));
CREATE FUNCTION oracle.trunc(oracle.date, text) RETURNS oracle.date IMMUTABLE PARALLEL SAFE
  RETURN oracle.trunc_to($1::timestamp, $2);
CREATE FUNCTION oracle.trunc(timestamp, text) RETURNS oracle.date IMMUTABLE PARALLEL SAFE
  RETURN oracle.trunc_to($1, $2);
CREATE FUNCTION oracle.trunc(timestamptz, text) RETURNS oracle.date STABLE PARALLEL SAFE
  RETURN oracle.trunc_to($1::timestamp, $2);
CREATE FUNCTION oracle.trunc(oracle.timestamp9, text) RETURNS oracle.date IMMUTABLE PARALLEL SAFE
  RETURN oracle.trunc_to(oracle.microsecond_down($1), $2);

-- Half of the unit rounds up: 1 July, the 16th, noon, 30 minutes, the middle of a week.
CREATE FUNCTION oracle.round_to(value timestamp, mask text) RETURNS oracle.date
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  unit text := oracle.date_unit(mask);
BEGIN
  RETURN oracle.date_of(CASE unit
    WHEN 'day' THEN date_trunc('day', value + interval '12 hours')
    WHEN 'hour' THEN date_trunc('hour', value + interval '30 minutes')
    WHEN 'minute' THEN date_trunc('minute', value + interval '30 seconds')
    WHEN 'month' THEN date_trunc('month', value)
      + CASE WHEN EXTRACT(day FROM value) >= 16 THEN interval '1 month' ELSE interval '0' END
    WHEN 'year' THEN date_trunc('year', value)
      + CASE WHEN EXTRACT(month FROM value) >= 7 THEN interval '1 year' ELSE interval '0' END
    WHEN 'quarter' THEN date_trunc('quarter', value)
      + CASE WHEN value >= date_trunc('quarter', value) + interval '1 month 15 days' THEN interval '3 months'
        ELSE interval '0' END
    WHEN 'century' THEN date_trunc('century', value)
      + CASE WHEN value >= date_trunc('century', value) + interval '50 years' THEN interval '100 years' ELSE interval '0' END
    WHEN 'iso year' THEN oracle.trunc_odd(value + interval '6 months', 'iso year')::timestamp
    WHEN 'week' THEN date_trunc('week', value + interval '84 hours')
    -- Weeks that begin with the year or the month: their end does not begin one of the next year or month.
    ELSE oracle.trunc_odd(value, unit)::timestamp + CASE
      WHEN value - oracle.trunc_odd(value, unit)::timestamp >= interval '84 hours' THEN interval '7 days'
      ELSE interval '0' END
  END);
END
$$;
CREATE FUNCTION oracle.round(oracle.date) RETURNS oracle.date IMMUTABLE PARALLEL SAFE
  RETURN oracle.date_trunc('day', $1::timestamp + interval '12 hours');
CREATE FUNCTION oracle.round(timestamp) RETURNS oracle.date IMMUTABLE PARALLEL SAFE
  RETURN oracle.date_trunc('day', $1 + interval '12 hours');
CREATE FUNCTION oracle.round(timestamptz) RETURNS oracle.date STABLE PARALLEL SAFE
  RETURN oracle.date_trunc('day', $1::timestamp + interval '12 hours');
CREATE FUNCTION oracle.round(oracle.date, text) RETURNS oracle.date IMMUTABLE PARALLEL SAFE
  RETURN oracle.round_to($1::timestamp, $2);
CREATE FUNCTION oracle.round(timestamp, text) RETURNS oracle.date IMMUTABLE PARALLEL SAFE
  RETURN oracle.round_to($1, $2);
CREATE FUNCTION oracle.round(timestamptz, text) RETURNS oracle.date STABLE PARALLEL SAFE
  RETURN oracle.round_to($1::timestamp, $2);

-- The last day of a month stays the last day.
CREATE FUNCTION oracle.add_months(value oracle.date, months numeric) RETURNS oracle.date
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  stamp timestamp := value::timestamp;
  moved timestamp := stamp + make_interval(months => trunc(months)::integer);
BEGIN
  IF EXTRACT(day FROM stamp + interval '1 day') = 1 THEN
    moved := date_trunc('month', moved) + interval '1 month -1 day' + (stamp - date_trunc('day', stamp));
  END IF;
  IF EXTRACT(year FROM moved) NOT BETWEEN -4713 AND 9999 THEN
    PERFORM oracle.raise(1841, '(full) year must be between -4713 and +9999, and not be 0');
  END IF;
  RETURN oracle.date_of(moved);
END
$$;
CREATE FUNCTION oracle.last_day(oracle.date) RETURNS oracle.date IMMUTABLE PARALLEL SAFE
  RETURN oracle.date_trunc('second', pg_catalog.date_trunc('month', $1::timestamp) + interval '1 month -1 day'
    + ($1::timestamp - pg_catalog.date_trunc('day', $1::timestamp)));
-- Whole months when both are the same day or both the last one; else the days count as 31sts, times included.
CREATE FUNCTION oracle.months_between(later oracle.date, earlier oracle.date) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  a timestamp := later::timestamp;
  b timestamp := earlier::timestamp;
  months numeric := (EXTRACT(year FROM a) - EXTRACT(year FROM b)) * 12 + EXTRACT(month FROM a) - EXTRACT(month FROM b);
  day_a integer := EXTRACT(day FROM a);
  day_b integer := EXTRACT(day FROM b);
BEGIN
  IF day_a = day_b OR EXTRACT(day FROM a + interval '1 day') = 1 AND EXTRACT(day FROM b + interval '1 day') = 1 THEN
    RETURN months;
  END IF;
  RETURN oracle.divide(
    months * 2678400 + (day_a - day_b) * 86400
      + EXTRACT(epoch FROM (a - date_trunc('day', a)) - (b - date_trunc('day', b))), 2678400);
END
$$;
CREATE FUNCTION oracle.next_day(value oracle.date, day text) RETURNS oracle.date
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  wanted integer := (strpos('SUNMONTUEWEDTHUFRISAT', upper(left(btrim(day), 3))) + 2) / 3 - 1;
BEGIN
  IF wanted < 0 OR length(btrim(day)) < 3 THEN PERFORM oracle.raise(1846, 'not a valid day of the week'); END IF;
  RETURN oracle.date_of(value::timestamp
    + make_interval(days => (wanted - EXTRACT(dow FROM value::timestamp)::integer + 6) % 7 + 1));
END
$$;

CREATE FUNCTION oracle.extract(field text, value oracle.date) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
  IF upper(field) NOT IN ('YEAR', 'MONTH', 'DAY') THEN
    PERFORM oracle.raise(30076, 'invalid extract field for extract source');
  END IF;
  RETURN date_part(field, value::timestamp)::numeric;
END
$$;
CREATE FUNCTION oracle.extract(field text, value timestamp) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
  IF upper(field) LIKE 'TIMEZONE%' THEN PERFORM oracle.raise(30076, 'invalid extract field for extract source'); END IF;
  RETURN trim_scale(pg_catalog.extract(field, value));
END
$$;
-- Oracle extracts from a zoned timestamp in UTC; the zone's hours and minutes are the session's.
CREATE FUNCTION oracle.extract(text, timestamptz) RETURNS numeric STABLE PARALLEL SAFE
  RETURN CASE WHEN pg_catalog.upper($1) LIKE 'TIMEZONE%' THEN trim_scale(pg_catalog.extract($1, $2))
    ELSE trim_scale(pg_catalog.extract($1, $2 AT TIME ZONE 'UTC')) END;
CREATE FUNCTION oracle.extract(text, oracle.timestamp9) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN CASE pg_catalog.upper($1)
    WHEN 'SECOND' THEN trim_scale("right"(textin(oracle.timestamp9_text($2)), 12)::numeric)
    ELSE oracle.extract($1, oracle.microsecond_down($2))
  END;
CREATE FUNCTION oracle.extract(text, interval) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN trim_scale(pg_catalog.extract($1, $2));

CREATE FUNCTION oracle.numtodsinterval(amount numeric, unit text) RETURNS interval
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  factor integer := CASE upper(btrim(unit)) WHEN 'DAY' THEN 86400 WHEN 'HOUR' THEN 3600
    WHEN 'MINUTE' THEN 60 WHEN 'SECOND' THEN 1 END;
  microseconds numeric;
BEGIN
  IF factor IS NULL THEN PERFORM oracle.raise(1760, 'illegal argument for function'); END IF;
  microseconds := round(amount * factor * 1000000);
  -- Days apart from the rest: both in whole numbers, so that no digit is lost to double precision.
  RETURN make_interval(days => trunc(microseconds / 86400000000)::integer)
    + trunc(mod(microseconds, 86400000000) / 1000000)::double precision * interval '1 second'
    + mod(microseconds, 1000000)::double precision * interval '1 microsecond';
END
$$;
CREATE FUNCTION oracle.numtoyminterval(amount numeric, unit text) RETURNS interval
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  factor integer := CASE upper(btrim(unit)) WHEN 'YEAR' THEN 12 WHEN 'MONTH' THEN 1 END;
BEGIN
  IF factor IS NULL THEN PERFORM oracle.raise(1760, 'illegal argument for function'); END IF;
  RETURN make_interval(months => round(amount * factor)::integer);
END
$$;
-- `12 03:04:05.678` or ISO 8601 `P12DT3H4M5.678S`.
CREATE FUNCTION oracle.to_dsinterval(value text) RETURNS interval
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  parts text[] := regexp_match(btrim(value), '^([+-]?)(\d+) +(\d{1,2}):(\d{1,2}):(\d{1,2})(\.\d{1,9})?$');
  result interval;
BEGIN
  IF value = '' THEN RETURN NULL; END IF;
  IF parts IS NULL THEN
    IF btrim(value) !~ '^-?P(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$' OR btrim(value) ~ '[PT]$' THEN
      PERFORM oracle.raise(1867, 'the interval is invalid');
    END IF;
    result := ltrim(btrim(value), '-')::interval;
    RETURN justify_hours(CASE WHEN btrim(value) ~ '^-' THEN -result ELSE result END);
  END IF;
  IF parts[3]::integer > 23 THEN PERFORM oracle.raise(1850, 'hour must be between 0 and 23'); END IF;
  IF parts[4]::integer > 59 THEN PERFORM oracle.raise(1851, 'minutes must be between 0 and 59'); END IF;
  IF parts[5]::integer > 59 THEN PERFORM oracle.raise(1852, 'seconds must be between 0 and 59'); END IF;
  result := (parts[2] || ' days ' || parts[3] || ':' || parts[4] || ':' || parts[5] || coalesce(parts[6], ''))::interval;
  RETURN CASE parts[1] WHEN '-' THEN -result ELSE result END;
END
$$;
CREATE FUNCTION oracle.to_yminterval(value text) RETURNS interval
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  parts text[] := coalesce(regexp_match(btrim(value), '^([+-]?)(\d+)-(\d{1,2})$'),
    regexp_match(btrim(value), '^(-?)P(?=\d)(?:(\d+)Y)?(?:(\d+)M)?$'));
  months integer;
BEGIN
  IF value = '' THEN RETURN NULL; END IF;
  IF parts IS NULL THEN PERFORM oracle.raise(1867, 'the interval is invalid'); END IF;
  IF parts[3]::integer > 11 AND value !~ 'P' THEN PERFORM oracle.raise(1843, 'not a valid month'); END IF;
  months := coalesce(parts[2]::integer, 0) * 12 + coalesce(parts[3]::integer, 0);
  RETURN make_interval(months => CASE parts[1] WHEN '-' THEN -months ELSE months END);
END
$$;
