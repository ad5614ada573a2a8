-- STANDARD_HASH, ORA_HASH, VSIZE, and Oracle's inner bytes of NUMBER, DATE and TIMESTAMP, of which STANDARD_HASH is taken.

-- Sign and exponent of base 100 in one byte, then a byte a digit: digit + 1, or 101 - digit and a closing 102 below zero.
CREATE FUNCTION oracle.number_bytes(value numeric) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  text_value text := format('%s', trim_scale(abs(oracle.round_number(value))));
  whole text := split_part(text_value, '.', 1);
  fraction text := split_part(text_value, '.', 2);
  digits text;
  exponent integer;
  result bytea;
  digit integer;
BEGIN
  IF value = 0 THEN RETURN '\x80'; END IF;
  IF whole = '0' THEN whole := ''; END IF;
  whole := repeat('0', length(whole) % 2) || whole;
  fraction := fraction || repeat('0', length(fraction) % 2);
  exponent := length(whole) / 2 - 1;
  digits := whole || fraction;
  WHILE left(digits, 2) = '00' LOOP digits := substr(digits, 3); exponent := exponent - 1; END LOOP;
  WHILE right(digits, 2) = '00' LOOP digits := left(digits, -2); END LOOP;
  result := set_byte('\x00', 0, CASE WHEN value > 0 THEN 193 + exponent ELSE 62 - exponent END);
  FOR place IN 0 .. length(digits) / 2 - 1 LOOP
    digit := substr(digits, place * 2 + 1, 2)::integer;
    result := result || set_byte('\x00', 0, CASE WHEN value > 0 THEN digit + 1 ELSE 101 - digit END);
  END LOOP;
  RETURN CASE WHEN value < 0 AND length(result) < 21 THEN result || '\x66'::bytea ELSE result END;
END
$$;

-- Century + 100, year in it + 100, month, day, hour + 1, minute + 1, second + 1; years before Christ count downward.
CREATE FUNCTION oracle.date_bytes(value timestamp) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  year integer := EXTRACT(year FROM value);
  parts integer[] := ARRAY[100 + year / 100, 100 + year % 100, EXTRACT(month FROM value)::integer,
    EXTRACT(day FROM value)::integer, EXTRACT(hour FROM value)::integer + 1, EXTRACT(minute FROM value)::integer + 1,
    floor(EXTRACT(second FROM value))::integer + 1];
  result bytea := '\x00000000000000';
BEGIN
  FOR place IN 1 .. 7 LOOP result := set_byte(result, place - 1, parts[place]); END LOOP;
  RETURN result;
END
$$;
-- Nanoseconds follow in four bytes where there are any.
CREATE FUNCTION oracle.timestamp_bytes(timestamp) RETURNS bytea IMMUTABLE STRICT PARALLEL SAFE
  RETURN oracle.date_bytes($1) || CASE
    WHEN EXTRACT(microsecond FROM $1)::integer % 1000000 = 0 THEN '\x'::bytea
    ELSE int4send(EXTRACT(microsecond FROM $1)::integer % 1000000 * 1000)
  END;

CREATE FUNCTION oracle.hash_bytes(bytes bytea, algorithm text) RETURNS oracle.raw
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
  CASE upper(algorithm)
    WHEN 'SHA1' THEN RETURN oracle.digest(bytes, 'sha1')::oracle.raw;
    WHEN 'SHA256' THEN RETURN sha256(bytes)::oracle.raw;
    WHEN 'SHA384' THEN RETURN sha384(bytes)::oracle.raw;
    WHEN 'SHA512' THEN RETURN sha512(bytes)::oracle.raw;
    WHEN 'MD5' THEN RETURN decode(md5(bytes), 'hex')::oracle.raw;
    ELSE PERFORM oracle.raise(1760, 'illegal argument for function');
  END CASE;
END
$$;

-- ORA_HASH: spread evenly and the same for the same value; the numbers are not Oracle's, whose algorithm is not public.
CREATE FUNCTION oracle.bucket(bytes bytea, most numeric, seed numeric) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN ((hashtextextended(encode($1, 'hex'), $3::bigint) & 4294967295)::numeric % ($2 + 1));

DO $body$
DECLARE
  kind record;
BEGIN
  FOR kind IN
    SELECT * FROM (VALUES
      ('text', $$convert_to($1, 'UTF8')$$, $$NULLIF(octet_length($1), 0)$$),
      ('numeric', 'oracle.number_bytes($1)', 'pg_catalog.length(oracle.number_bytes($1))'),
      ('integer', 'oracle.number_bytes($1::numeric)', 'pg_catalog.length(oracle.number_bytes($1::numeric))'),
      ('bigint', 'oracle.number_bytes($1::numeric)', 'pg_catalog.length(oracle.number_bytes($1::numeric))'),
      ('double precision', 'float8send($1)', 'CASE WHEN $1 IS NOT NULL THEN 8 END'),
      ('real', 'float4send($1)', 'CASE WHEN $1 IS NOT NULL THEN 4 END'),
      ('oracle.date', 'oracle.date_bytes($1::timestamp)', 'CASE WHEN $1 IS NOT NULL THEN 7 END'),
      ('timestamp', 'oracle.timestamp_bytes($1)', 'pg_catalog.length(oracle.timestamp_bytes($1))'),
      ('oracle.timestamp9', $$convert_to(textin(oracle.timestamp9_text($1)), 'UTF8')$$,
        'CASE WHEN $1 IS NOT NULL THEN 11 END'),
      ('timestamptz', $$oracle.timestamp_bytes($1 AT TIME ZONE 'UTC')$$, 'CASE WHEN $1 IS NOT NULL THEN 13 END'),
      ('oracle.raw', '$1::bytea', 'NULLIF(pg_catalog.length($1::bytea), 0)'),
      ('oracle.rowid', $$convert_to($1::text, 'UTF8')$$, 'CASE WHEN $1 IS NOT NULL THEN 10 END')
    ) AS t (type, bytes, size)
  LOOP
    EXECUTE format('CREATE FUNCTION oracle.standard_hash(%1$s, text) RETURNS oracle.raw IMMUTABLE PARALLEL SAFE
      RETURN oracle.hash_bytes(%2$s, $2)', kind.type, kind.bytes);
    EXECUTE format('CREATE FUNCTION oracle.standard_hash(%1$s) RETURNS oracle.raw IMMUTABLE PARALLEL SAFE
      RETURN oracle.digest(%2$s, ''sha1'')::oracle.raw', kind.type, kind.bytes);
    EXECUTE format('CREATE FUNCTION oracle.ora_hash(%1$s) RETURNS numeric IMMUTABLE PARALLEL SAFE
      RETURN oracle.bucket(%2$s, 4294967295, 0)', kind.type, kind.bytes);
    EXECUTE format('CREATE FUNCTION oracle.ora_hash(%1$s, numeric) RETURNS numeric IMMUTABLE PARALLEL SAFE
      RETURN oracle.bucket(%2$s, $2, 0)', kind.type, kind.bytes);
    EXECUTE format('CREATE FUNCTION oracle.ora_hash(%1$s, numeric, numeric) RETURNS numeric IMMUTABLE PARALLEL SAFE
      RETURN oracle.bucket(%2$s, $2, $3)', kind.type, kind.bytes);
    EXECUTE format('CREATE FUNCTION oracle.vsize(%1$s) RETURNS numeric IMMUTABLE PARALLEL SAFE
      RETURN (%2$s)::numeric', kind.type, kind.size);
  END LOOP;
END
$body$;
