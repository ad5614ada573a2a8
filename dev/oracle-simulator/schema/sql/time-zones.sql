-- Clocks and time zones. The host's zone, in which SYSDATE and the dates of V$ views are, is the setting
-- oracle.host_time_zone, UTC unless ALTER DATABASE says otherwise.

CREATE FUNCTION oracle.host_time_zone() RETURNS text STABLE PARALLEL SAFE
  RETURN coalesce(NULLIF(current_setting('oracle.host_time_zone', true), ''), 'UTC');

CREATE FUNCTION oracle.offset_text(seconds numeric) RETURNS text IMMUTABLE STRICT PARALLEL SAFE
  RETURN CASE WHEN $1 < 0 THEN '-' ELSE '+' END
    || pg_catalog.to_char(make_interval(secs => abs($1)::double precision), 'HH24:MI');
-- PostgreSQL reads '+02:00' as POSIX does, west of Greenwich; as an interval it means what Oracle means.
CREATE FUNCTION oracle.valid_zone(zone text) RETURNS text
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
  IF zone ~ '^[+-]' THEN
    IF zone !~ '^[+-](0?\d|1[0-5]):[0-5]\d$' THEN
      PERFORM oracle.raise(1874, 'time zone hour must be between -15 and 15');
    END IF;
    RETURN zone;
  END IF;
  PERFORM timezone(zone, timestamp '2000-01-01');
  RETURN zone;
EXCEPTION WHEN invalid_parameter_value THEN
  PERFORM oracle.raise(1882, 'timezone region not found');
END
$$;
CREATE FUNCTION oracle.in_zone(value timestamp, zone text) RETURNS timestamptz
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
  IF zone ~ '^[+-]' THEN RETURN timezone(oracle.valid_zone(zone)::interval, value); END IF;
  RETURN timezone(oracle.valid_zone(zone), value);
END
$$;

CREATE FUNCTION oracle.from_tz(timestamp, text) RETURNS timestamptz STABLE PARALLEL SAFE
  RETURN oracle.in_zone($1, $2);
CREATE FUNCTION oracle.from_tz(oracle.timestamp9, text) RETURNS timestamptz STABLE PARALLEL SAFE
  RETURN oracle.in_zone(oracle.timestamp_of($1), $2);
-- A point of time has no zone of its own here: AT TIME ZONE checks the zone and leaves the point.
CREATE FUNCTION oracle.at_time_zone(timestamptz, text) RETURNS timestamptz STABLE PARALLEL SAFE
  RETURN CASE WHEN oracle.valid_zone($2) IS NOT NULL THEN $1 END;
CREATE FUNCTION oracle.at_time_zone(timestamp, text) RETURNS timestamptz STABLE PARALLEL SAFE
  RETURN CASE WHEN oracle.valid_zone($2) IS NOT NULL THEN $1::timestamptz END;
-- Where fields are read, what a clock in the zone shows.
CREATE FUNCTION oracle.local_time(value timestamptz, zone text) RETURNS timestamp
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
  IF zone ~ '^[+-]' THEN RETURN timezone(oracle.valid_zone(zone)::interval, value); END IF;
  RETURN timezone(oracle.valid_zone(zone), value);
END
$$;
CREATE FUNCTION oracle.local_time(timestamp, text) RETURNS timestamp STABLE PARALLEL SAFE
  RETURN oracle.local_time($1::timestamptz, $2);
-- TO_CHAR(x AT TIME ZONE zone, mask): TZH, TZM and TZR are the zone's.
CREATE FUNCTION oracle.to_char_at(value timestamptz, zone text, mask text) RETURNS text
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  local timestamp := oracle.local_time(value, zone);
  shift text := oracle.offset_text(EXTRACT(epoch FROM local - timezone('UTC', value)));
  token text;
  result text := '';
BEGIN
  FOREACH token IN ARRAY oracle.mask_tokens(mask) LOOP
    result := result || CASE
      WHEN token ~* '^ETZR' THEN oracle.quoted_literal(zone)
      WHEN token ~* '^ETZH' THEN oracle.quoted_literal(left(shift, 3))
      WHEN token ~* '^ETZM' THEN oracle.quoted_literal(right(shift, 2))
      WHEN token ~ '^E' THEN substr(token, 2)
      ELSE oracle.quoted_literal(substr(token, 2))
    END;
  END LOOP;
  RETURN oracle.to_char(local, result);
END
$$;
CREATE FUNCTION oracle.at_local(timestamptz) RETURNS timestamptz IMMUTABLE PARALLEL SAFE RETURN $1;
CREATE FUNCTION oracle.sys_extract_utc(timestamptz) RETURNS timestamp IMMUTABLE PARALLEL SAFE
  RETURN $1 AT TIME ZONE 'UTC';

CREATE FUNCTION oracle.parse_timestamp_tz(value text, mask text) RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  parsed oracle.parsed_datetime;
  stamp timestamp;
BEGIN
  IF value IS NULL OR value = '' OR mask IS NULL THEN RETURN NULL; END IF;
  parsed := oracle.parse_datetime(value, mask, 'zoned');
  stamp := parsed.stamp + CASE WHEN parsed.nanoseconds >= 500 THEN interval '1 microsecond' ELSE interval '0' END;
  RETURN CASE WHEN parsed.zone IS NULL THEN stamp::timestamptz ELSE oracle.in_zone(stamp, parsed.zone) END;
END
$$;
CREATE FUNCTION oracle.to_timestamp_tz(text, text) RETURNS timestamptz STABLE PARALLEL SAFE
  RETURN oracle.parse_timestamp_tz($1, $2);
CREATE FUNCTION oracle.to_timestamp_tz(text, text, text) RETURNS timestamptz STABLE PARALLEL SAFE
  RETURN oracle.parse_timestamp_tz($1, oracle.language_mask($2, $3));
CREATE FUNCTION oracle.to_timestamp_tz(text) RETURNS timestamptz STABLE PARALLEL SAFE
  RETURN oracle.parse_timestamp_tz($1, oracle.nls_format('timestamp_tz'));

-- One time per statement, as in Oracle.
CREATE FUNCTION oracle.host_date(timestamptz) RETURNS oracle.date STABLE PARALLEL SAFE
  RETURN oracle.date_trunc('second', $1 AT TIME ZONE oracle.host_time_zone());
CREATE FUNCTION oracle.sysdate() RETURNS oracle.date STABLE PARALLEL SAFE
  RETURN oracle.host_date(statement_timestamp());
CREATE FUNCTION oracle.systimestamp() RETURNS timestamptz STABLE PARALLEL SAFE RETURN statement_timestamp();
CREATE FUNCTION oracle.current_timestamp() RETURNS timestamptz STABLE PARALLEL SAFE RETURN statement_timestamp();
CREATE FUNCTION oracle.current_date() RETURNS oracle.date STABLE PARALLEL SAFE
  RETURN oracle.date_trunc('second', statement_timestamp()::timestamp);
CREATE FUNCTION oracle.localtimestamp() RETURNS timestamp STABLE PARALLEL SAFE
  RETURN statement_timestamp()::timestamp;

-- The name of a region, or an offset.
CREATE FUNCTION oracle.sessiontimezone() RETURNS text STABLE PARALLEL SAFE
  RETURN CASE
    WHEN current_setting('TimeZone') ~ '^[A-Za-z_]+/' THEN current_setting('TimeZone')
    ELSE oracle.offset_text(EXTRACT(timezone FROM statement_timestamp()))
  END;
CREATE FUNCTION oracle.dbtimezone() RETURNS text IMMUTABLE PARALLEL SAFE RETURN '+00:00';
CREATE FUNCTION oracle.tz_offset(zone text) RETURNS text
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
  IF upper(zone) = 'DBTIMEZONE' THEN RETURN oracle.dbtimezone(); END IF;
  IF upper(zone) = 'SESSIONTIMEZONE' THEN RETURN oracle.offset_text(EXTRACT(timezone FROM statement_timestamp())); END IF;
  IF zone ~ '^[+-]' THEN RETURN oracle.offset_text(EXTRACT(epoch FROM oracle.valid_zone(zone)::interval)); END IF;
  RETURN oracle.offset_text(EXTRACT(epoch FROM
    timezone(oracle.valid_zone(zone), statement_timestamp()) - timezone('UTC', statement_timestamp())));
END
$$;
