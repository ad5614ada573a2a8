-- Text functions. Positions and lengths are characters; '' is NULL, coming and going. Case follows Unicode, whatever
-- the database's own collation ("C") knows of letters.

CREATE FUNCTION oracle.concat(text, text) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN NULLIF(coalesce($1, '') || coalesce($2, ''), '');
CREATE FUNCTION oracle.concat(oracle.clob, text) RETURNS oracle.clob IMMUTABLE PARALLEL SAFE
  RETURN NULLIF(coalesce($1::text, '') || coalesce($2, ''), '')::oracle.clob;
CREATE FUNCTION oracle.concat(text, oracle.clob) RETURNS oracle.clob IMMUTABLE PARALLEL SAFE
  RETURN NULLIF(coalesce($1, '') || coalesce($2::text, ''), '')::oracle.clob;
CREATE FUNCTION oracle.concat(oracle.clob, oracle.clob) RETURNS oracle.clob IMMUTABLE PARALLEL SAFE
  RETURN NULLIF(coalesce($1::text, '') || coalesce($2::text, ''), '')::oracle.clob;

-- Numbers become counts as Oracle makes them: cut, not rounded, and nothing overflows.
CREATE FUNCTION oracle.whole(numeric) RETURNS integer IMMUTABLE PARALLEL SAFE
  RETURN least(greatest(trunc($1), -2147483647), 2147483647)::integer;

CREATE FUNCTION oracle.substr_from(text, integer, integer) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN NULLIF(CASE
    WHEN $3 < 1 THEN NULL
    WHEN $2 > 0 THEN pg_catalog.substr($1, $2, $3)
    WHEN $2 = 0 THEN pg_catalog.substr($1, 1, $3)
    WHEN -$2 > pg_catalog.length($1) THEN NULL
    ELSE pg_catalog.substr($1, pg_catalog.length($1) + $2 + 1, $3)
  END, '');
CREATE FUNCTION oracle.substr(text, numeric) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN oracle.substr_from($1, oracle.whole($2), 2147483647);
CREATE FUNCTION oracle.substr(text, numeric, numeric) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN oracle.substr_from($1, oracle.whole($2), oracle.whole($3));
CREATE FUNCTION oracle.substr(oracle.clob, numeric) RETURNS oracle.clob IMMUTABLE PARALLEL SAFE
  RETURN oracle.substr_from($1::text, oracle.whole($2), 2147483647)::oracle.clob;
CREATE FUNCTION oracle.substr(oracle.clob, numeric, numeric) RETURNS oracle.clob IMMUTABLE PARALLEL SAFE
  RETURN oracle.substr_from($1::text, oracle.whole($2), oracle.whole($3))::oracle.clob;

-- Bytes of UTF-8; what is left of a character that was cut becomes blanks.
CREATE FUNCTION oracle.substrb(value text, start numeric, amount numeric) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  bytes bytea := convert_to(value, 'UTF8');
  size integer := length(bytes);
  first integer := oracle.whole(start);
  last integer;
  head integer;
  tail integer;
BEGIN
  IF first = 0 THEN first := 1; END IF;
  IF first < 0 THEN first := size + first + 1; END IF;
  IF first < 1 OR first > size OR amount < 1 THEN RETURN NULL; END IF;
  last := least(size, first::bigint + oracle.whole(amount) - 1);
  head := first;
  WHILE head <= last AND get_byte(bytes, head - 1) & 192 = 128 LOOP head := head + 1; END LOOP;
  tail := last;
  IF last < size AND get_byte(bytes, last) & 192 = 128 THEN
    WHILE tail >= head AND get_byte(bytes, tail - 1) & 192 = 128 LOOP tail := tail - 1; END LOOP;
    tail := tail - 1;
  END IF;
  IF tail < head THEN RETURN repeat(' ', last - first + 1); END IF;
  RETURN repeat(' ', head - first) || convert_from(substr(bytes, head, tail - head + 1), 'UTF8') || repeat(' ', last - tail);
END
$$;
CREATE FUNCTION oracle.substrb(text, numeric) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN oracle.substrb($1, $2, 2147483647);

CREATE FUNCTION oracle.instr(text, text) RETURNS numeric IMMUTABLE STRICT PARALLEL SAFE
  RETURN strpos($1, $2)::numeric;
CREATE FUNCTION oracle.instr(value text, part text, start numeric, occurrence numeric) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  place integer := oracle.whole(start);
  step integer := sign(start);
  remaining integer := oracle.whole(occurrence);
  width integer := length(part);
  last integer := length(value) - width + 1;
BEGIN
  IF remaining < 1 THEN PERFORM oracle.raise(1428, format('argument ''%s'' is out of range', occurrence)); END IF;
  IF width = 0 THEN RETURN NULL; END IF;
  IF place = 0 THEN RETURN 0; END IF;
  -- A negative start counts from the end, and the search goes backward from there.
  IF place < 0 THEN place := least(length(value) + place + 1, last); END IF;
  WHILE place BETWEEN 1 AND last LOOP
    IF substr(value, place, width) = part THEN
      remaining := remaining - 1;
      IF remaining = 0 THEN RETURN place; END IF;
    END IF;
    place := place + step;
  END LOOP;
  RETURN 0;
END
$$;
CREATE FUNCTION oracle.instr(text, text, numeric) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN oracle.instr($1, $2, $3, 1);

CREATE FUNCTION oracle.length(text) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN NULLIF(pg_catalog.length($1), 0)::numeric;
CREATE FUNCTION oracle.lengthb(text) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN NULLIF(octet_length($1), 0)::numeric;
CREATE FUNCTION oracle.upper(text) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN pg_catalog.upper($1 COLLATE pg_catalog.pg_c_utf8);
CREATE FUNCTION oracle.lower(text) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN pg_catalog.lower($1 COLLATE pg_catalog.pg_c_utf8);
CREATE FUNCTION oracle.initcap(text) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN pg_catalog.initcap($1 COLLATE pg_catalog.pg_c_utf8);

CREATE FUNCTION oracle.trim(text) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN NULLIF(btrim($1), '');
CREATE FUNCTION oracle.trim(value text, characters text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
  IF length(characters) <> 1 THEN PERFORM oracle.raise(30001, 'trim set should have only one character'); END IF;
  RETURN NULLIF(btrim(value, characters), '');
END
$$;
CREATE FUNCTION oracle.ltrim(text) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN NULLIF(pg_catalog.ltrim($1), '');
CREATE FUNCTION oracle.ltrim(text, text) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN NULLIF(pg_catalog.ltrim($1, NULLIF($2, '')), '');
CREATE FUNCTION oracle.rtrim(text) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN NULLIF(pg_catalog.rtrim($1), '');
CREATE FUNCTION oracle.rtrim(text, text) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN NULLIF(pg_catalog.rtrim($1, NULLIF($2, '')), '');
CREATE FUNCTION oracle.lpad(text, numeric) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN NULLIF(pg_catalog.lpad(NULLIF($1, ''), oracle.whole($2)), '');
CREATE FUNCTION oracle.lpad(text, numeric, text) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN NULLIF(pg_catalog.lpad(NULLIF($1, ''), oracle.whole($2), NULLIF($3, '')), '');
CREATE FUNCTION oracle.rpad(text, numeric) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN NULLIF(pg_catalog.rpad(NULLIF($1, ''), oracle.whole($2)), '');
CREATE FUNCTION oracle.rpad(text, numeric, text) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN NULLIF(pg_catalog.rpad(NULLIF($1, ''), oracle.whole($2), NULLIF($3, '')), '');

-- Nothing to search for leaves the text; nothing to put there takes the found out.
CREATE FUNCTION oracle.replace(text, text, text) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN NULLIF(pg_catalog.replace($1, coalesce($2, ''), coalesce($3, '')), '');
CREATE FUNCTION oracle.replace(text, text) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN oracle.replace($1, $2, NULL);
CREATE FUNCTION oracle.translate(text, text, text) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN NULLIF(pg_catalog.translate($1, NULLIF($2, ''), NULLIF($3, '')), '');

-- CHR takes the bytes of a character in the database's character set, NCHR a code point. Numbers whose bytes are no
-- UTF-8 are taken for code points. PostgreSQL's text cannot hold CHR(0).
CREATE FUNCTION oracle.chr(code numeric) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  number bigint := trunc(code);
  digits text := to_hex(number);
BEGIN
  IF number < 1 OR number > 4294967295 THEN
    PERFORM oracle.raise(1428, format('argument ''%s'' is out of range', code));
  END IF;
  IF number < 128 THEN RETURN pg_catalog.chr(number::integer); END IF;
  BEGIN
    RETURN convert_from(decode(repeat('0', length(digits) % 2) || digits, 'hex'), 'UTF8');
  EXCEPTION WHEN character_not_in_repertoire THEN
    IF number > 1114111 THEN PERFORM oracle.raise(1428, format('argument ''%s'' is out of range', code)); END IF;
    RETURN pg_catalog.chr(number::integer);
  END;
END
$$;
CREATE FUNCTION oracle.ascii(value text) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  bytes bytea := convert_to(left(value, 1), 'UTF8');
  code bigint := 0;
BEGIN
  IF value = '' THEN RETURN NULL; END IF;
  FOR place IN 0 .. length(bytes) - 1 LOOP code := code * 256 + get_byte(bytes, place); END LOOP;
  RETURN code;
END
$$;
CREATE FUNCTION oracle.unistr(text) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN NULLIF(pg_catalog.unistr($1), '');
-- LISTAGG and `||` end at what a VARCHAR2 can hold.
CREATE FUNCTION oracle.listagg_result(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
  IF octet_length(value) > 4000 THEN PERFORM oracle.raise(1489, 'result of string concatenation is too long'); END IF;
  RETURN NULLIF(value, '');
END
$$;
CREATE FUNCTION oracle.nlssort(text, text) RETURNS oracle.raw IMMUTABLE PARALLEL SAFE
  RETURN CASE
    WHEN pg_catalog.upper($2) IN ('NLS_SORT=BINARY', 'NLS_SORT = BINARY') THEN (convert_to($1, 'UTF8') || '\x00'::bytea)
    WHEN pg_catalog.upper($2) IN ('NLS_SORT=BINARY_CI', 'NLS_SORT = BINARY_CI')
      THEN (convert_to(oracle.lower($1), 'UTF8') || '\x00'::bytea)
    ELSE oracle.refuse(12702, 'invalid NLS parameter string used in SQL function', convert_to($1, 'UTF8'))
  END::oracle.raw;
CREATE FUNCTION oracle.nlssort(text) RETURNS oracle.raw IMMUTABLE PARALLEL SAFE
  RETURN (convert_to($1, 'UTF8') || '\x00'::bytea)::oracle.raw;
