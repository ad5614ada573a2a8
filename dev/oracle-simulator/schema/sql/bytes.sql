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

-- An empty LOB is there, and 0 long.
CREATE FUNCTION oracle.lob_length(text) RETURNS numeric IMMUTABLE PARALLEL SAFE RETURN pg_catalog.length($1)::numeric;
CREATE FUNCTION oracle.lob_length(oracle.clob) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN pg_catalog.length($1::text)::numeric;
CREATE FUNCTION oracle.lob_length(oracle.nclob) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN pg_catalog.length($1::text)::numeric;
CREATE FUNCTION oracle.lob_length(oracle.blob) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN octet_length($1::bytea)::numeric;
CREATE FUNCTION oracle.length(oracle.blob) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN octet_length($1::bytea)::numeric;
CREATE FUNCTION oracle.length(oracle.clob) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN pg_catalog.length($1::text)::numeric;

CREATE FUNCTION oracle.lob_substr(oracle.clob, numeric, numeric) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN CASE WHEN $3 >= 1 THEN oracle.substr_from($1::text, oracle.whole($3), oracle.whole($2)) END;
CREATE FUNCTION oracle.lob_substr(oracle.clob, numeric) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN oracle.lob_substr($1, $2, 1);
CREATE FUNCTION oracle.lob_substr(oracle.clob) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN oracle.lob_substr($1, 32767, 1);
CREATE FUNCTION oracle.lob_substr(oracle.nclob, numeric, numeric) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN CASE WHEN $3 >= 1 THEN oracle.substr_from($1::text, oracle.whole($3), oracle.whole($2)) END;
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
  RETURN oracle.instr($1::text, $2, $3, $4);
CREATE FUNCTION oracle.lob_instr(oracle.clob, text, numeric) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN oracle.instr($1::text, $2, $3, 1);
CREATE FUNCTION oracle.lob_instr(oracle.clob, text) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN oracle.instr($1::text, $2);
CREATE FUNCTION oracle.lob_compare(oracle.clob, oracle.clob) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN bttextcmp($1::text, $2::text)::numeric;
CREATE FUNCTION oracle.lob_compare(oracle.blob, oracle.blob) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN sign(byteacmp($1::bytea, $2::bytea)::numeric);

CREATE FUNCTION oracle.sys_guid() RETURNS oracle.raw VOLATILE PARALLEL SAFE
  RETURN uuid_send(gen_random_uuid())::oracle.raw;
