-- RAW, BLOB and CLOB functions.

CREATE FUNCTION oracle.hextoraw(value text) RETURNS oracle.raw
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
  IF value = '' THEN RETURN NULL; END IF;
  IF value !~ '^[0-9A-Fa-f]+$' THEN PERFORM oracle.raise(1465, 'invalid hex number'); END IF;
  RETURN oracle.as_raw(textout('\x' || repeat('0', length(value) % 2) || value));
END
$$;
CREATE FUNCTION oracle.rawtohex(oracle.raw) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN NULLIF(pg_catalog.upper(encode($1::bytea, 'hex')), '');
CREATE FUNCTION oracle.rawtohex(oracle.blob) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN NULLIF(pg_catalog.upper(encode($1::bytea, 'hex')), '');
CREATE FUNCTION oracle.rawtohex(text) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN NULLIF(pg_catalog.upper(encode(convert_to($1, 'UTF8'), 'hex')), '');
CREATE FUNCTION oracle.cast_to_raw(text) RETURNS oracle.raw IMMUTABLE PARALLEL SAFE
  RETURN NULLIF(convert_to($1, 'UTF8'), '\x'::bytea)::oracle.raw;
CREATE FUNCTION oracle.cast_to_varchar2(oracle.raw) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN NULLIF(convert_from($1::bytea, 'UTF8'), '');

CREATE FUNCTION oracle.raw_of_length(value oracle.raw, typmod integer, explicit boolean) RETURNS oracle.raw
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
  IF length(value::bytea) <= typmod - 4 THEN RETURN value; END IF;
  IF explicit THEN RETURN substr(value::bytea, 1, typmod - 4)::oracle.raw; END IF;
  PERFORM oracle.raise(12899, format('value too large for column (actual: %s, maximum: %s)', length(value::bytea), typmod - 4));
END
$$;
CREATE CAST (oracle.raw AS oracle.raw) WITH FUNCTION oracle.raw_of_length(oracle.raw, integer, boolean) AS IMPLICIT;

CREATE FUNCTION oracle.to_clob(text) RETURNS oracle.clob IMMUTABLE PARALLEL SAFE RETURN NULLIF($1, '')::oracle.clob;
CREATE FUNCTION oracle.to_nclob(text) RETURNS oracle.nclob IMMUTABLE PARALLEL SAFE RETURN NULLIF($1, '')::oracle.nclob;
CREATE FUNCTION oracle.to_blob(oracle.raw) RETURNS oracle.blob IMMUTABLE PARALLEL SAFE RETURN $1::oracle.blob;
CREATE FUNCTION oracle.to_blob(oracle.blob) RETURNS oracle.blob IMMUTABLE PARALLEL SAFE RETURN $1;
CREATE FUNCTION oracle.empty_clob() RETURNS oracle.clob IMMUTABLE PARALLEL SAFE RETURN ''::text::oracle.clob;
CREATE FUNCTION oracle.empty_blob() RETURNS oracle.blob IMMUTABLE PARALLEL SAFE RETURN '\x'::bytea::oracle.blob;

-- DBMS_LOB counts a CLOB in units of UTF-16, as Oracle stores it: characters beyond U+FFFF are two. A filler behind each
-- of them, which the text has not, makes units of characters.
CREATE FUNCTION oracle.utf16_filler(text, text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog
RETURN (SELECT chr(n) FROM generate_series(57344, 63743) AS n WHERE strpos($1, chr(n)) = 0 AND strpos($2, chr(n)) = 0
  ORDER BY n LIMIT 1);
CREATE FUNCTION oracle.utf16_filled(text, filler text) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN regexp_replace($1, '[\U00010000-\U0010FFFF]', '\&' || filler, 'g');
CREATE FUNCTION oracle.utf16_length(text) RETURNS numeric IMMUTABLE STRICT PARALLEL SAFE
  RETURN pg_catalog.length($1)::numeric
    + CASE WHEN octet_length($1) = pg_catalog.length($1) THEN 0 ELSE regexp_count($1, '[\U00010000-\U0010FFFF]') END;
-- Half a pair at either end becomes U+FFFD.
CREATE FUNCTION oracle.utf16_substr(value text, start numeric, amount numeric) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  filler text;
  part text;
BEGIN
  IF start < 1 OR amount < 1 THEN RETURN NULL; END IF;
  IF oracle.utf16_length(value) = length(value) THEN
    RETURN oracle.substr_from(value, oracle.whole(start), oracle.whole(amount));
  END IF;
  filler := oracle.utf16_filler(value, '');
  part := oracle.substr_from(oracle.utf16_filled(value, filler), oracle.whole(start), oracle.whole(amount));
  IF part IS NULL THEN RETURN NULL; END IF;
  IF starts_with(part, filler) THEN part := U&'\FFFD' || substr(part, 2); END IF;
  IF "right"(part, 1) ~ '[\U00010000-\U0010FFFF]' THEN part := "left"(part, -1) || U&'\FFFD'; END IF;
  RETURN replace(part, filler, '');
END
$$;
CREATE FUNCTION oracle.utf16_instr(value text, part text, start numeric, occurrence numeric) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  filler text;
BEGIN
  IF start < 1 OR occurrence < 1 THEN RETURN NULL; END IF;
  IF oracle.utf16_length(value) = length(value) THEN RETURN oracle.instr(value, part, start, occurrence); END IF;
  filler := oracle.utf16_filler(value, part);
  RETURN oracle.instr(oracle.utf16_filled(value, filler), oracle.utf16_filled(part, filler), start, occurrence);
END
$$;

-- An empty LOB is there, and 0 long.
CREATE FUNCTION oracle.lob_length(text) RETURNS numeric IMMUTABLE PARALLEL SAFE RETURN oracle.utf16_length($1);
CREATE FUNCTION oracle.lob_length(oracle.clob) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN oracle.utf16_length($1::text);
CREATE FUNCTION oracle.lob_length(oracle.nclob) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN oracle.utf16_length($1::text);
CREATE FUNCTION oracle.lob_length(oracle.blob) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN octet_length($1::bytea)::numeric;
CREATE FUNCTION oracle.length(oracle.blob) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN octet_length($1::bytea)::numeric;
CREATE FUNCTION oracle.length(oracle.clob) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN pg_catalog.length($1::text)::numeric;

CREATE FUNCTION oracle.lob_substr(oracle.clob, numeric, numeric) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN oracle.utf16_substr($1::text, $3, $2);
CREATE FUNCTION oracle.lob_substr(oracle.clob, numeric) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN oracle.lob_substr($1, $2, 1);
CREATE FUNCTION oracle.lob_substr(oracle.clob) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN oracle.lob_substr($1, 32767, 1);
CREATE FUNCTION oracle.lob_substr(oracle.nclob, numeric, numeric) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN oracle.utf16_substr($1::text, $3, $2);
CREATE FUNCTION oracle.lob_substr(oracle.nclob, numeric) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN oracle.lob_substr($1, $2, 1);
CREATE FUNCTION oracle.lob_substr(oracle.nclob) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN oracle.lob_substr($1, 32767, 1);
CREATE FUNCTION oracle.lob_substr(oracle.blob, numeric, numeric) RETURNS oracle.raw IMMUTABLE PARALLEL SAFE
  RETURN CASE WHEN $2 >= 1 AND $3 >= 1
    THEN NULLIF(substring($1::bytea, oracle.whole($3), oracle.whole($2)), '\x'::bytea) END::oracle.raw;
CREATE FUNCTION oracle.lob_substr(oracle.blob, numeric) RETURNS oracle.raw IMMUTABLE PARALLEL SAFE
  RETURN oracle.lob_substr($1, $2, 1);
CREATE FUNCTION oracle.lob_substr(oracle.blob) RETURNS oracle.raw IMMUTABLE PARALLEL SAFE
  RETURN oracle.lob_substr($1, 32767, 1);
CREATE FUNCTION oracle.lob_instr(oracle.clob, text, numeric, numeric) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN oracle.utf16_instr($1::text, $2, $3, $4);
CREATE FUNCTION oracle.lob_instr(oracle.clob, text, numeric) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN oracle.utf16_instr($1::text, $2, $3, 1);
CREATE FUNCTION oracle.lob_instr(oracle.clob, text) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN oracle.utf16_instr($1::text, $2, 1, 1);
CREATE FUNCTION oracle.lob_compare(oracle.clob, oracle.clob) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN bttextcmp($1::text, $2::text)::numeric;
CREATE FUNCTION oracle.lob_compare(oracle.blob, oracle.blob) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN sign(byteacmp($1::bytea, $2::bytea)::numeric);

CREATE FUNCTION oracle.sys_guid() RETURNS oracle.raw VOLATILE PARALLEL SAFE
  RETURN uuid_send(gen_random_uuid())::oracle.raw;
