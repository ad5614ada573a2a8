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
  RETURN (oracle.nine_digits((object::bigint << 18) | (file::bigint & 262143))
    || oracle.nine_digits((block::bigint << 18) | least(place, 262143)::bigint))::oracle.rowid;
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

-- ROWIDs order as the places they name: the digits in an order in which they sort as they count.
CREATE FUNCTION oracle.rowid_key(oracle.rowid) RETURNS bytea IMMUTABLE STRICT PARALLEL SAFE
  RETURN convert_to(pg_catalog.translate($1::text, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
    '+/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'), 'UTF8');
CREATE FUNCTION oracle.rowid_compare(oracle.rowid, oracle.rowid) RETURNS integer IMMUTABLE STRICT PARALLEL SAFE
  RETURN byteacmp(oracle.rowid_key($1), oracle.rowid_key($2));
CREATE FUNCTION oracle.rowid_hash(oracle.rowid) RETURNS integer
  LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF AS 'hashvarlena';
DO $body$
DECLARE
  comparison record;
BEGIN
  FOR comparison IN
    SELECT * FROM (VALUES
      ('=', 'eq', '=', '<>', 'eqsel', 'eqjoinsel', ', HASHES, MERGES'),
      ('<>', 'ne', '<>', '=', 'neqsel', 'neqjoinsel', ''),
      ('<', 'lt', '>', '>=', 'scalarltsel', 'scalarltjoinsel', ''),
      ('<=', 'le', '>=', '>', 'scalarlesel', 'scalarlejoinsel', ''),
      ('>', 'gt', '<', '<=', 'scalargtsel', 'scalargtjoinsel', ''),
      ('>=', 'ge', '<=', '<', 'scalargesel', 'scalargejoinsel', '')
    ) AS t (operator, name, commutator, negator, restrict, "join", options)
  LOOP
    EXECUTE format('CREATE FUNCTION oracle.%1$I(oracle.rowid, oracle.rowid) RETURNS boolean IMMUTABLE STRICT PARALLEL SAFE
      RETURN oracle.rowid_compare($1, $2) %2$s 0', 'rowid_' || comparison.name, comparison.operator);
    EXECUTE format('CREATE OPERATOR oracle.%1$s (FUNCTION = oracle.%2$I, LEFTARG = oracle.rowid, RIGHTARG = oracle.rowid,
      COMMUTATOR = OPERATOR(oracle.%3$s), NEGATOR = OPERATOR(oracle.%4$s), RESTRICT = %5$s, JOIN = %6$s%7$s)',
      comparison.operator, 'rowid_' || comparison.name, comparison.commutator, comparison.negator,
      comparison.restrict, comparison."join", comparison.options);
  END LOOP;
END
$body$;
CREATE OPERATOR CLASS oracle.rowid_ops DEFAULT FOR TYPE oracle.rowid USING btree AS
  OPERATOR 1 oracle.<, OPERATOR 2 oracle.<=, OPERATOR 3 oracle.=, OPERATOR 4 oracle.>=, OPERATOR 5 oracle.>,
  FUNCTION 1 oracle.rowid_compare(oracle.rowid, oracle.rowid);
CREATE OPERATOR CLASS oracle.rowid_ops DEFAULT FOR TYPE oracle.rowid USING hash AS
  OPERATOR 1 oracle.=, FUNCTION 1 oracle.rowid_hash(oracle.rowid);
CREATE FUNCTION oracle.rowid_smaller(oracle.rowid, oracle.rowid) RETURNS oracle.rowid IMMUTABLE STRICT PARALLEL SAFE
  RETURN CASE WHEN oracle.rowid_compare($1, $2) <= 0 THEN $1 ELSE $2 END;
CREATE FUNCTION oracle.rowid_larger(oracle.rowid, oracle.rowid) RETURNS oracle.rowid IMMUTABLE STRICT PARALLEL SAFE
  RETURN CASE WHEN oracle.rowid_compare($1, $2) >= 0 THEN $1 ELSE $2 END;
CREATE AGGREGATE oracle.min(oracle.rowid) (SFUNC = oracle.rowid_smaller, STYPE = oracle.rowid,
  COMBINEFUNC = oracle.rowid_smaller, SORTOP = OPERATOR(oracle.<), PARALLEL = SAFE);
CREATE AGGREGATE oracle.max(oracle.rowid) (SFUNC = oracle.rowid_larger, STYPE = oracle.rowid,
  COMBINEFUNC = oracle.rowid_larger, SORTOP = OPERATOR(oracle.>), PARALLEL = SAFE);
