-- Oracle's types that PostgreSQL has no equal of, as base types: a domain would lose its name in expressions. Their input
-- and output functions are PostgreSQL's own of the type that each is like; base-type-input.sql replaces some inputs.

DO $body$
DECLARE
  kind record;
BEGIN
  FOR kind IN
    SELECT * FROM (VALUES
      -- name, like, prefix of the functions, category, further options
      ('date', 'timestamp', 'timestamp_', 'D', ''),
      ('timestamp9', 'text', 'text', 'D', 'TYPMOD_IN = varchartypmodin, TYPMOD_OUT = varchartypmodout'),
      ('clob', 'text', 'text', 'S', 'COLLATABLE = true'),
      ('nclob', 'text', 'text', 'S', 'COLLATABLE = true'),
      ('long', 'text', 'text', 'S', 'COLLATABLE = true'),
      ('rowid', 'text', 'text', 'U', ''),
      ('blob', 'bytea', 'bytea', 'U', ''),
      ('raw', 'bytea', 'bytea', 'U', 'TYPMOD_IN = varchartypmodin, TYPMOD_OUT = varchartypmodout')
    ) AS t (name, base, prefix, category, options)
  LOOP
    EXECUTE format('CREATE TYPE oracle.%I', kind.name);
    EXECUTE format('CREATE FUNCTION oracle.%1$I(cstring, oid, integer) RETURNS oracle.%2$I
      LANGUAGE internal STABLE STRICT PARALLEL SAFE AS %3$L', kind.name || '_in', kind.name, kind.prefix || 'in');
    EXECUTE format('CREATE FUNCTION oracle.%1$I(oracle.%2$I) RETURNS cstring
      LANGUAGE internal STABLE STRICT PARALLEL SAFE AS %3$L', kind.name || '_out', kind.name, kind.prefix || 'out');
    EXECUTE format('CREATE FUNCTION oracle.%1$I(internal, oid, integer) RETURNS oracle.%2$I
      LANGUAGE internal STABLE STRICT PARALLEL SAFE AS %3$L', kind.name || '_recv', kind.name, kind.prefix || 'recv');
    EXECUTE format('CREATE FUNCTION oracle.%1$I(oracle.%2$I) RETURNS bytea
      LANGUAGE internal STABLE STRICT PARALLEL SAFE AS %3$L', kind.name || '_send', kind.name, kind.prefix || 'send');
    EXECUTE format('CREATE TYPE oracle.%1$I (INPUT = oracle.%2$I, OUTPUT = oracle.%3$I, RECEIVE = oracle.%4$I,
      SEND = oracle.%5$I, LIKE = %6$s, CATEGORY = %7$L%8$s)',
      kind.name, kind.name || '_in', kind.name || '_out', kind.name || '_recv', kind.name || '_send',
      'pg_catalog.' || kind.base, kind.category, CASE kind.options WHEN '' THEN '' ELSE ', ' || kind.options END);
  END LOOP;
END
$body$;

-- What of these is the same bytes. Implicit where the type may be used as its base without saying so.
CREATE CAST (oracle.date AS timestamp) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (oracle.clob AS text) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (oracle.nclob AS text) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (oracle.long AS text) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (oracle.rowid AS text) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (oracle.blob AS bytea) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (oracle.raw AS bytea) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (bytea AS oracle.blob) WITHOUT FUNCTION AS ASSIGNMENT;
CREATE CAST (bytea AS oracle.raw) WITHOUT FUNCTION AS ASSIGNMENT;
CREATE CAST (oracle.raw AS oracle.blob) WITHOUT FUNCTION AS ASSIGNMENT;
CREATE CAST (oracle.blob AS oracle.raw) WITHOUT FUNCTION AS ASSIGNMENT;

DO $body$
DECLARE
  source text;
  target text;
BEGIN
  FOREACH target IN ARRAY ARRAY['oracle.clob', 'oracle.nclob', 'oracle.long'] LOOP
    FOREACH source IN ARRAY ARRAY['text', 'varchar', 'bpchar', 'oracle.clob', 'oracle.nclob', 'oracle.long'] LOOP
      CONTINUE WHEN source = target;
      EXECUTE format('CREATE CAST (%s AS %s) WITHOUT FUNCTION AS ASSIGNMENT', source, target);
    END LOOP;
    EXECUTE format('CREATE CAST (%s AS varchar) WITHOUT FUNCTION AS ASSIGNMENT', target);
    EXECUTE format('CREATE CAST (%s AS bpchar) WITHOUT FUNCTION AS ASSIGNMENT', target);
  END LOOP;
END
$body$;
CREATE CAST (text AS oracle.rowid) WITHOUT FUNCTION AS ASSIGNMENT;
CREATE CAST (varchar AS oracle.rowid) WITHOUT FUNCTION AS ASSIGNMENT;
CREATE CAST (oracle.rowid AS varchar) WITHOUT FUNCTION AS ASSIGNMENT;

-- PostgreSQL cuts trailing blanks when CHAR becomes text; in Oracle they are part of the value: in `||`, LENGTH, SUBSTR,
-- and in a comparison with VARCHAR2. CHAR against CHAR stays a padded comparison.
UPDATE pg_catalog.pg_cast SET castfunc = 0, castmethod = 'b'
WHERE castsource = 'bpchar'::regtype AND casttarget IN ('text'::regtype, 'varchar'::regtype);

-- Names for PostgreSQL's functions on other types of the same bytes. Output of timestamps is immutable under the one
-- DateStyle (ISO) that sessions of the simulator have.
CREATE FUNCTION oracle.date_iso(cstring, oid, integer) RETURNS oracle.date
  LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'timestamp_in';
CREATE FUNCTION oracle.timestamp_iso(cstring, oid, integer) RETURNS timestamp
  LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'timestamp_in';
CREATE FUNCTION oracle.iso_text(timestamp) RETURNS cstring
  LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'timestamp_out';
CREATE FUNCTION oracle.date_trunc(text, timestamp) RETURNS oracle.date
  LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'timestamp_trunc';
CREATE FUNCTION oracle.as_timestamp9(cstring) RETURNS oracle.timestamp9
  LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'textin';
CREATE FUNCTION oracle.timestamp9_text(oracle.timestamp9) RETURNS cstring
  LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'textout';
CREATE FUNCTION oracle.as_raw(cstring) RETURNS oracle.raw
  LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'byteain';
