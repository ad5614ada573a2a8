-- Implicit conversions: what a statement may assign to a column of another type, and comparisons of text with numbers
-- and dates, in which Oracle converts the text.

DO $body$
DECLARE
  source text;
  target record;
BEGIN
  FOR target IN
    SELECT * FROM (VALUES
      ('numeric', 'to_number($1::text)'), ('oracle.date', 'to_date($1::text)'), ('timestamp', 'to_timestamp($1::text)'),
      ('timestamptz', 'to_timestamp_tz($1::text)'), ('oracle.raw', 'hextoraw($1::text)')
    ) AS t (type, expression)
  LOOP
    FOREACH source IN ARRAY ARRAY['text', 'varchar', 'bpchar'] LOOP
      EXECUTE format('CREATE FUNCTION oracle.assigned_%1$s(%2$s) RETURNS %3$s STABLE PARALLEL SAFE RETURN oracle.%4$s',
        replace(target.type, 'oracle.', ''), source, target.type, target.expression);
      EXECUTE format('CREATE CAST (%1$s AS %2$s) WITH FUNCTION oracle.assigned_%3$s(%1$s) AS ASSIGNMENT',
        source, target.type, replace(target.type, 'oracle.', ''));
    END LOOP;
  END LOOP;
  -- Into VARCHAR2 and CHAR as TO_CHAR without a mask. Casts to text stay PostgreSQL's.
  FOREACH source IN ARRAY ARRAY['numeric', 'oracle.date', 'timestamp', 'oracle.timestamp9', 'timestamptz', 'interval',
    'double precision', 'real', 'oracle.raw'] LOOP
    FOR target IN SELECT * FROM (VALUES ('varchar', 'varchar'), ('bpchar', 'bpchar')) AS t (type, name) LOOP
      EXECUTE format('CREATE FUNCTION oracle.assigned_%1$s(%2$s) RETURNS %3$s STABLE PARALLEL SAFE
        RETURN oracle.to_char($1)::%3$s', target.name, source, target.type);
      EXECUTE format('CREATE CAST (%1$s AS %2$s) WITH FUNCTION oracle.assigned_%3$s(%1$s) AS ASSIGNMENT',
        source, target.type, target.name);
    END LOOP;
  END LOOP;
END
$body$;

DO $body$
DECLARE
  other record;
  comparison record;
  arithmetic record;
BEGIN
  FOR other IN
    SELECT * FROM (VALUES ('numeric', 'to_number'), ('oracle.date', 'to_date'), ('timestamp', 'to_timestamp'))
      AS t (type, convert)
  LOOP
    FOR comparison IN
      SELECT * FROM (VALUES ('=', '=', '<>', 'eq'), ('<>', '<>', '=', 'ne'), ('<', '>', '>=', 'lt'), ('<=', '>=', '>', 'le'),
        ('>', '<', '<=', 'gt'), ('>=', '<=', '<', 'ge')) AS t (operator, commutator, negator, name)
    LOOP
      EXECUTE format('CREATE FUNCTION oracle.converted_%1$s(text, %2$s) RETURNS boolean STABLE PARALLEL SAFE
        RETURN oracle.%3$s($1) OPERATOR(%4$s.%5$s) $2', comparison.name, other.type, other.convert,
        CASE other.type WHEN 'oracle.date' THEN 'oracle' ELSE 'pg_catalog' END, comparison.operator);
      EXECUTE format('CREATE FUNCTION oracle.converted_%1$s(%2$s, text) RETURNS boolean STABLE PARALLEL SAFE
        RETURN $1 OPERATOR(%4$s.%5$s) oracle.%3$s($2)', comparison.name, other.type, other.convert,
        CASE other.type WHEN 'oracle.date' THEN 'oracle' ELSE 'pg_catalog' END, comparison.operator);
      EXECUTE format('CREATE OPERATOR oracle.%1$s (FUNCTION = oracle.converted_%2$s, LEFTARG = text, RIGHTARG = %3$s,
        COMMUTATOR = OPERATOR(oracle.%4$s), NEGATOR = OPERATOR(oracle.%5$s))',
        comparison.operator, comparison.name, other.type, comparison.commutator, comparison.negator);
      EXECUTE format('CREATE OPERATOR oracle.%1$s (FUNCTION = oracle.converted_%2$s, LEFTARG = %3$s, RIGHTARG = text,
        COMMUTATOR = OPERATOR(oracle.%4$s), NEGATOR = OPERATOR(oracle.%5$s))',
        comparison.operator, comparison.name, other.type, comparison.commutator, comparison.negator);
    END LOOP;
  END LOOP;
  FOR arithmetic IN SELECT * FROM (VALUES ('+', 'plus'), ('-', 'minus'), ('*', 'times')) AS t (operator, name) LOOP
    EXECUTE format('CREATE FUNCTION oracle.converted_%1$s(text, numeric) RETURNS numeric STABLE PARALLEL SAFE
      RETURN oracle.to_number($1) %2$s $2', arithmetic.name, arithmetic.operator);
    EXECUTE format('CREATE FUNCTION oracle.converted_%1$s(numeric, text) RETURNS numeric STABLE PARALLEL SAFE
      RETURN $1 %2$s oracle.to_number($2)', arithmetic.name, arithmetic.operator);
    EXECUTE format('CREATE OPERATOR oracle.%1$s (FUNCTION = oracle.converted_%2$s, LEFTARG = text, RIGHTARG = numeric)',
      arithmetic.operator, arithmetic.name);
    EXECUTE format('CREATE OPERATOR oracle.%1$s (FUNCTION = oracle.converted_%2$s, LEFTARG = numeric, RIGHTARG = text)',
      arithmetic.operator, arithmetic.name);
  END LOOP;
END
$body$;
CREATE FUNCTION oracle.divide(text, numeric) RETURNS numeric STABLE PARALLEL SAFE
  RETURN oracle.divide(oracle.to_number($1), $2);
CREATE FUNCTION oracle.divide(numeric, text) RETURNS numeric STABLE PARALLEL SAFE
  RETURN oracle.divide($1, oracle.to_number($2));
