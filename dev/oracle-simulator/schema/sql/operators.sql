-- Comparisons, ordering and hashing of the base types. The functions are PostgreSQL's own of the type that each is like.

DO $body$
DECLARE
  kind record;
  comparison record;
  operand record;
BEGIN
  FOR kind IN
    SELECT * FROM (VALUES
      -- type, prefix of PostgreSQL's functions, of compare, of sort support, of hash
      -- families: DATE in those of timestamp, as the two are compared and joined with each other
      ('date', 'timestamp_', 'timestamp_cmp', 'timestamp_sortsupport', 'timestamp_hash', 'timestamp_hash_extended',
        'pg_catalog.datetime_ops', 'pg_catalog.timestamp_ops'),
      -- Bytes: it holds ASCII only, and no collation is asked for.
      ('timestamp9', 'bytea', 'byteacmp', 'bytea_sortsupport', 'hashvarlena', 'hashvarlenaextended',
        'oracle.timestamp9_ops', 'oracle.timestamp9_ops'),
      ('raw', 'bytea', 'byteacmp', 'bytea_sortsupport', 'hashvarlena', 'hashvarlenaextended',
        'oracle.raw_ops', 'oracle.raw_ops')
    ) AS t (type, prefix, compare, sort_support, hash, hash_extended, btree_family, hash_family)
  LOOP
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
      EXECUTE format('CREATE FUNCTION oracle.%1$I(oracle.%2$I, oracle.%2$I) RETURNS boolean
        LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF AS %3$L',
        kind.type || '_' || comparison.name, kind.type, kind.prefix || comparison.name);
      EXECUTE format('CREATE OPERATOR oracle.%1$s (FUNCTION = oracle.%2$I, LEFTARG = oracle.%3$I, RIGHTARG = oracle.%3$I,
        COMMUTATOR = OPERATOR(oracle.%4$s), NEGATOR = OPERATOR(oracle.%5$s), RESTRICT = %6$s, JOIN = %7$s%8$s)',
        comparison.operator, kind.type || '_' || comparison.name, kind.type, comparison.commutator, comparison.negator,
        comparison.restrict, comparison."join", comparison.options);
    END LOOP;
    EXECUTE format('CREATE FUNCTION oracle.%1$I(oracle.%2$I, oracle.%2$I) RETURNS integer
      LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF AS %3$L', kind.type || '_compare', kind.type, kind.compare);
    EXECUTE format('CREATE FUNCTION oracle.%1$I(oracle.%2$I) RETURNS integer
      LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF AS %3$L', kind.type || '_hash', kind.type, kind.hash);
    EXECUTE format('CREATE FUNCTION oracle.%1$I(oracle.%2$I, bigint) RETURNS bigint
      LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF AS %3$L', kind.type || '_hash_extended', kind.type,
      kind.hash_extended);
    IF kind.btree_family LIKE 'oracle.%' THEN
      EXECUTE format('CREATE OPERATOR FAMILY %s USING btree', kind.btree_family);
      EXECUTE format('CREATE OPERATOR FAMILY %s USING hash', kind.hash_family);
    END IF;
    EXECUTE format('CREATE OPERATOR CLASS oracle.%1$I DEFAULT FOR TYPE oracle.%2$I USING btree FAMILY %3$s AS
      OPERATOR 1 oracle.<, OPERATOR 2 oracle.<=, OPERATOR 3 oracle.=, OPERATOR 4 oracle.>=, OPERATOR 5 oracle.>,
      FUNCTION 1 oracle.%4$I(oracle.%2$I, oracle.%2$I)%5$s',
      kind.type || '_ops', kind.type, kind.btree_family, kind.type || '_compare',
      coalesce(', FUNCTION 2 ' || kind.sort_support || '(internal)', ''));
    EXECUTE format('CREATE OPERATOR CLASS oracle.%1$I DEFAULT FOR TYPE oracle.%2$I USING hash FAMILY %3$s AS
      OPERATOR 1 oracle.=, FUNCTION 1 oracle.%4$I(oracle.%2$I), FUNCTION 2 oracle.%5$I(oracle.%2$I, bigint)',
      kind.type || '_ops', kind.type, kind.hash_family, kind.type || '_hash', kind.type || '_hash_extended');
    -- min and max keep the type.
    FOR operand IN SELECT * FROM (VALUES ('smaller', 'min', '<'), ('larger', 'max', '>')) AS t (name, aggregate, operator)
    LOOP
      EXECUTE format('CREATE FUNCTION oracle.%1$I(oracle.%2$I, oracle.%2$I) RETURNS oracle.%2$I
        LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS %3$L',
        kind.type || '_' || operand.name, kind.type,
        CASE kind.prefix WHEN 'timestamp_' THEN kind.prefix ELSE kind.prefix || '_' END || operand.name);
      EXECUTE format('CREATE AGGREGATE oracle.%1$I(oracle.%2$I) (SFUNC = oracle.%3$I, STYPE = oracle.%2$I,
        COMBINEFUNC = oracle.%3$I, SORTOP = OPERATOR(oracle.%4$s), PARALLEL = SAFE)',
        operand.aggregate, kind.type, kind.type || '_' || operand.name, operand.operator);
    END LOOP;
  END LOOP;
END
$body$;

-- DATE against TIMESTAMP, either way, usable by indexes of both.
DO $body$
DECLARE
  comparison record;
  side record;
BEGIN
  FOR side IN
    SELECT * FROM (VALUES ('oracle.date', 'timestamp', 'date_timestamp'), ('timestamp', 'oracle.date', 'timestamp_date'))
      AS t (first, second, name)
  LOOP
    FOR comparison IN
      SELECT * FROM (VALUES
        ('<', 'lt', '>', '>=', 'scalarltsel', 'scalarltjoinsel', '', 1),
        ('<=', 'le', '>=', '>', 'scalarlesel', 'scalarlejoinsel', '', 2),
        ('=', 'eq', '=', '<>', 'eqsel', 'eqjoinsel', ', HASHES, MERGES', 3),
        ('>=', 'ge', '<=', '<', 'scalargesel', 'scalargejoinsel', '', 4),
        ('>', 'gt', '<', '<=', 'scalargtsel', 'scalargtjoinsel', '', 5),
        ('<>', 'ne', '<>', '=', 'neqsel', 'neqjoinsel', '', 0)
      ) AS t (operator, name, commutator, negator, restrict, "join", options, strategy)
    LOOP
      EXECUTE format('CREATE FUNCTION oracle.%1$I(%2$s, %3$s) RETURNS boolean
        LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF AS %4$L',
        side.name || '_' || comparison.name, side.first, side.second, 'timestamp_' || comparison.name);
      EXECUTE format('CREATE OPERATOR oracle.%1$s (FUNCTION = oracle.%2$I, LEFTARG = %3$s, RIGHTARG = %4$s,
        COMMUTATOR = OPERATOR(oracle.%5$s), NEGATOR = OPERATOR(oracle.%6$s), RESTRICT = %7$s, JOIN = %8$s%9$s)',
        comparison.operator, side.name || '_' || comparison.name, side.first, side.second, comparison.commutator,
        comparison.negator, comparison.restrict, comparison."join", comparison.options);
      IF comparison.strategy > 0 THEN
        EXECUTE format('ALTER OPERATOR FAMILY pg_catalog.datetime_ops USING btree ADD OPERATOR %s oracle.%s (%s, %s)',
          comparison.strategy, comparison.operator, side.first, side.second);
      END IF;
    END LOOP;
    EXECUTE format('CREATE FUNCTION oracle.%1$I(%2$s, %3$s) RETURNS integer
      LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF AS %4$L',
      side.name || '_compare', side.first, side.second, 'timestamp_cmp');
    EXECUTE format('ALTER OPERATOR FAMILY pg_catalog.datetime_ops USING btree ADD FUNCTION 1 (%2$s, %3$s)
      oracle.%1$I(%2$s, %3$s)', side.name || '_compare', side.first, side.second);
    EXECUTE format('ALTER OPERATOR FAMILY pg_catalog.timestamp_ops USING hash ADD OPERATOR 1 oracle.= (%s, %s)',
      side.first, side.second);
  END LOOP;
END
$body$;

-- CHAR against VARCHAR2: blanks count (`'ab  '` is not `'ab'`). Left alone, PostgreSQL would compare both as CHAR. With
-- text only: operators with varchar besides would make `varchar = varchar` ambiguous.
DO $body$
DECLARE
  comparison record;
  side record;
BEGIN
  FOR side IN
    SELECT * FROM (VALUES ('bpchar', 'text', 'char_text'), ('text', 'bpchar', 'text_char')) AS t (first, second, name)
  LOOP
    FOR comparison IN
      SELECT * FROM (VALUES
        ('=', 'texteq', '=', '<>', 'eqsel', 'eqjoinsel'),
        ('<>', 'textne', '<>', '=', 'neqsel', 'neqjoinsel'),
        ('<', 'text_lt', '>', '>=', 'scalarltsel', 'scalarltjoinsel'),
        ('<=', 'text_le', '>=', '>', 'scalarlesel', 'scalarlejoinsel'),
        ('>', 'text_gt', '<', '<=', 'scalargtsel', 'scalargtjoinsel'),
        ('>=', 'text_ge', '<=', '<', 'scalargesel', 'scalargejoinsel')
      ) AS t (operator, name, commutator, negator, restrict, "join")
    LOOP
      EXECUTE format('CREATE FUNCTION oracle.%1$I(%2$s, %3$s) RETURNS boolean
        LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF AS %4$L',
        side.name || '_' || comparison.name, side.first, side.second, comparison.name);
      EXECUTE format('CREATE OPERATOR oracle.%1$s (FUNCTION = oracle.%2$I, LEFTARG = %3$s, RIGHTARG = %4$s,
        COMMUTATOR = OPERATOR(oracle.%5$s), NEGATOR = OPERATOR(oracle.%6$s), RESTRICT = %7$s, JOIN = %8$s)',
        comparison.operator, side.name || '_' || comparison.name, side.first, side.second, comparison.commutator,
        comparison.negator, comparison.restrict, comparison."join");
    END LOOP;
  END LOOP;
END
$body$;
