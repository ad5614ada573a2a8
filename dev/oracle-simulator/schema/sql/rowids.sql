-- ROWIDs: 18 digits of base 64, 6 of the object (table), 3 of the file (0), 6 of the block, 3 of the row in it.
-- PostgreSQL's base64 has the same digits; 9 of them are the upper 54 of 64 bits.

CREATE FUNCTION oracle.nine_digits(bigint) RETURNS text IMMUTABLE STRICT PARALLEL SAFE
  RETURN "left"(encode(int8send($1 << 10), 'base64'), 9);
CREATE FUNCTION oracle.of_nine_digits(text) RETURNS bigint IMMUTABLE STRICT PARALLEL SAFE
  RETURN (substring(decode($1 || 'AAA', 'base64') FROM 1 FOR 8)::bigint >> 10) & 18014398509481983;

-- A tid's bytes are four of the block and two of the row; 18 bits are the row's in a ROWID.
CREATE FUNCTION oracle.rowid_of(oid, tid) RETURNS oracle.rowid IMMUTABLE STRICT PARALLEL SAFE
  RETURN (oracle.nine_digits($1::bigint << 18)
    || oracle.nine_digits(((tidsend($2)::bigint >> 16) << 18) | (tidsend($2)::bigint & 65535)))::oracle.rowid;

CREATE FUNCTION oracle.valid_rowid(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
  IF value !~ '^[A-Za-z0-9+/]{18}$' THEN PERFORM oracle.raise(1410, 'invalid ROWID'); END IF;
  RETURN value;
END
$$;
CREATE FUNCTION oracle.rowid_parts(value text, OUT object bigint, OUT file bigint, OUT block bigint, OUT place bigint)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  front bigint := oracle.of_nine_digits(left(oracle.valid_rowid(value), 9));
  back bigint := oracle.of_nine_digits(right(value, 9));
BEGIN
  object := front >> 18;
  file := front & 262143;
  block := back >> 18;
  place := back & 262143;
END
$$;
-- Rows beyond what a tid can say stay beyond every row of the block, for the ends of ranges.
CREATE FUNCTION oracle.rowid_ctid(value text) RETURNS tid
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  parts record := oracle.rowid_parts(value);
BEGIN
  RETURN format('(%s,%s)', least(parts.block, 4294967295), least(parts.place, 65535))::tid;
END
$$;
CREATE FUNCTION oracle.rowid_table(value text) RETURNS oid
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
  RETURN (oracle.rowid_parts(value)).object;
END
$$;

CREATE FUNCTION oracle.chartorowid(text) RETURNS oracle.rowid IMMUTABLE PARALLEL SAFE
  RETURN oracle.valid_rowid($1)::oracle.rowid;
CREATE FUNCTION oracle.rowidtochar(oracle.rowid) RETURNS text IMMUTABLE PARALLEL SAFE RETURN $1::text;
-- DBMS_ROWID. Kind 1 is the extended ROWID; there is no other here.
CREATE FUNCTION oracle.rowid_create(kind numeric, object numeric, file numeric, block numeric, place numeric)
RETURNS oracle.rowid
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
  IF kind <> 1 THEN PERFORM oracle.raise(1410, 'invalid ROWID'); END IF;
  RETURN (oracle.nine_digits(object::bigint << 18 | file::bigint & 262143)
    || oracle.nine_digits(block::bigint << 18 | least(place, 262143)::bigint))::oracle.rowid;
END
$$;
CREATE FUNCTION oracle.rowid_object(oracle.rowid) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN (oracle.rowid_parts($1::text)).object::numeric;
CREATE FUNCTION oracle.rowid_relative_fno(oracle.rowid) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN (oracle.rowid_parts($1::text)).file::numeric;
CREATE FUNCTION oracle.rowid_block_number(oracle.rowid) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN (oracle.rowid_parts($1::text)).block::numeric;
CREATE FUNCTION oracle.rowid_row_number(oracle.rowid) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN (oracle.rowid_parts($1::text)).place::numeric;
