-- NUMBER is numeric. What Oracle rounds to its 20 digits of base 100, 39 or 40 decimal digits, is rounded here too:
-- quotients, roots, powers, logarithms. Sums and products stay exact.

CREATE FUNCTION oracle.round_number(value numeric) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  digits text := format('%s', abs(value));
  whole text := split_part(digits, '.', 1);
  fraction text := split_part(digits, '.', 2);
BEGIN
  IF value = 0 OR value = 'NaN' OR abs(value) = 'Infinity' THEN RETURN value; END IF;
  IF length(whole) > 126 THEN PERFORM oracle.raise(1426, 'numeric overflow'); END IF;
  IF whole <> '0' THEN RETURN trim_scale(round(value, 40 - 2 * ((length(whole) + 1) / 2))); END IF;
  RETURN trim_scale(round(value, 40 + 2 * ((length(fraction) - length(ltrim(fraction, '0'))) / 2)));
END
$$;

CREATE FUNCTION oracle.divide(dividend numeric, divisor numeric) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  fraction text;
  zeros integer := 0;
BEGIN
  IF divisor = 0 THEN PERFORM oracle.raise(1476, 'divisor is equal to zero'); END IF;
  IF dividend = 0 THEN RETURN 0; END IF;
  IF abs(dividend) < abs(divisor) THEN
    fraction := split_part(format('%s', abs(dividend / divisor)), '.', 2);
    zeros := length(fraction) - length(ltrim(fraction, '0'));
  END IF;
  -- The scale that a dividend has, a quotient has at least: enough of it for 40 digits and one more of base 100.
  RETURN oracle.round_number(round(dividend, 44 + zeros) / divisor);
END
$$;
CREATE FUNCTION oracle.divide(integer, integer) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN oracle.divide($1::numeric, $2::numeric);
CREATE FUNCTION oracle.divide(bigint, bigint) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN oracle.divide($1::numeric, $2::numeric);
-- BINARY_DOUBLE divides by zero as IEEE 754 does.
CREATE FUNCTION oracle.divide(double precision, double precision) RETURNS double precision IMMUTABLE PARALLEL SAFE
  RETURN CASE
    WHEN $2 <> 0 THEN $1 / $2
    WHEN $1 = 0 OR $1 = 'NaN' THEN 'NaN'
    WHEN $1 > 0 THEN 'Infinity'
    WHEN $1 < 0 THEN '-Infinity'
  END::double precision;
CREATE FUNCTION oracle.divide(interval, numeric) RETURNS interval IMMUTABLE PARALLEL SAFE
  RETURN justify_hours($1 / CASE WHEN $2 = 0 THEN oracle.refuse(1476, 'divisor is equal to zero', $2) ELSE $2 END::float8);

CREATE FUNCTION oracle.trunc(numeric) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN pg_catalog.trunc($1);
CREATE FUNCTION oracle.trunc(numeric, numeric) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN pg_catalog.trunc($1, oracle.whole($2));
CREATE FUNCTION oracle.trunc(double precision) RETURNS double precision IMMUTABLE PARALLEL SAFE
  RETURN pg_catalog.trunc($1);
CREATE FUNCTION oracle.trunc(double precision, numeric) RETURNS double precision IMMUTABLE PARALLEL SAFE
  RETURN pg_catalog.trunc($1::numeric, oracle.whole($2))::double precision;
CREATE FUNCTION oracle.round(numeric) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN pg_catalog.round($1);
CREATE FUNCTION oracle.round(numeric, numeric) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN pg_catalog.round($1, oracle.whole($2));
CREATE FUNCTION oracle.round(double precision) RETURNS double precision IMMUTABLE PARALLEL SAFE
  RETURN pg_catalog.round($1::numeric)::double precision;
CREATE FUNCTION oracle.round(double precision, numeric) RETURNS double precision IMMUTABLE PARALLEL SAFE
  RETURN pg_catalog.round($1::numeric, oracle.whole($2))::double precision;

CREATE FUNCTION oracle.mod(numeric, numeric) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN CASE WHEN $2 = 0 THEN $1 ELSE $1 % $2 END;
CREATE FUNCTION oracle.remainder(numeric, numeric) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN $1 - $2 * pg_catalog.round(oracle.divide($1, $2));
CREATE FUNCTION oracle.bitand(numeric, numeric) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN (pg_catalog.trunc($1)::bigint & pg_catalog.trunc($2)::bigint)::numeric;

CREATE FUNCTION oracle.power(base numeric, exponent numeric) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
  IF base < 0 AND exponent <> trunc(exponent) OR base = 0 AND exponent < 0 THEN
    PERFORM oracle.raise(1428, format('argument ''%s'' is out of range', CASE WHEN base < 0 THEN base ELSE exponent END));
  END IF;
  RETURN oracle.round_number(pg_catalog.power(round(base, 44), exponent));
EXCEPTION WHEN numeric_value_out_of_range THEN
  PERFORM oracle.raise(1426, 'numeric overflow');
END
$$;
CREATE FUNCTION oracle.power(integer, integer) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN oracle.power($1::numeric, $2::numeric);
CREATE FUNCTION oracle.power(double precision, double precision) RETURNS double precision IMMUTABLE PARALLEL SAFE
  RETURN pg_catalog.power($1, $2);
CREATE FUNCTION oracle.sqrt(value numeric) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
  IF value < 0 THEN PERFORM oracle.raise(1428, format('argument ''%s'' is out of range', value)); END IF;
  RETURN oracle.round_number(pg_catalog.sqrt(round(value, 60)));
END
$$;
CREATE FUNCTION oracle.exp(numeric) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN oracle.round_number(pg_catalog.exp(pg_catalog.round($1, 44)));
CREATE FUNCTION oracle.ln(value numeric) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
  IF value <= 0 THEN PERFORM oracle.raise(1428, format('argument ''%s'' is out of range', value)); END IF;
  RETURN oracle.round_number(pg_catalog.ln(round(value, 44)));
END
$$;
CREATE FUNCTION oracle.log(base numeric, value numeric) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
  IF base <= 0 OR base = 1 THEN PERFORM oracle.raise(1428, format('argument ''%s'' is out of range', base)); END IF;
  IF value <= 0 THEN PERFORM oracle.raise(1428, format('argument ''%s'' is out of range', value)); END IF;
  RETURN oracle.round_number(pg_catalog.log(round(base, 44), round(value, 44)));
END
$$;
