-- Numbers as text and back without a mask: implicit conversion, TO_CHAR(n), TO_NUMBER(s).

-- `+02`, `-123`.
CREATE FUNCTION oracle.exponent_text(integer) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN CASE WHEN $1 < 0 THEN '-' ELSE '+' END
    || pg_catalog.to_char(abs($1), CASE WHEN abs($1) < 100 THEN 'FM00' ELSE 'FM000' END);

-- 40 characters: `1.0000000000000000000000000000000000E+50`.
CREATE FUNCTION oracle.scientific(value numeric) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  exponent integer := floor(log(abs(value)));
  suffix text;
  mantissa numeric;
BEGIN
  -- log is rounded: it may be one off next to a power of ten.
  IF abs(value) >= power(10::numeric, exponent + 1) THEN exponent := exponent + 1; END IF;
  IF abs(value) < power(10::numeric, exponent) THEN exponent := exponent - 1; END IF;
  suffix := 'E' || oracle.exponent_text(exponent);
  mantissa := CASE WHEN exponent < 0 THEN value * power(10::numeric, -exponent) ELSE value / power(10::numeric, exponent) END;
  mantissa := round(mantissa, 38 - length(suffix));
  RETURN format('%s', mantissa) || suffix;
END
$$;

-- 40 digits at most; the zero in front of the point is left out.
CREATE FUNCTION oracle.long_number_text(value numeric) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  size numeric := abs(value);
  whole integer := CASE WHEN size < 1 THEN 0 ELSE length(format('%s', trunc(size))) END;
  plain text;
BEGIN
  IF whole > 40 OR size < 1e-39 THEN RETURN oracle.scientific(value); END IF;
  plain := format('%s', trim_scale(round(value, 40 - whole)));
  RETURN CASE WHEN whole = 0 THEN replace(plain, '0.', '.') ELSE plain END;
END
$$;

CREATE FUNCTION oracle.to_char(numeric) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN CASE
    WHEN abs($1) >= 1e39 OR pg_catalog.scale($1) > 38 THEN
      CASE WHEN $1 = 0 THEN '0' ELSE oracle.long_number_text(trim_scale($1)) END
    WHEN abs($1) < 1 AND $1 <> 0 THEN pg_catalog.replace(trim_scale($1)::text, '0.', '.')
    ELSE trim_scale($1)::text
  END;
CREATE FUNCTION oracle.to_char(integer) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN $1::text;
CREATE FUNCTION oracle.to_char(bigint) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN $1::text;

-- BINARY_DOUBLE: 17 digits, BINARY_FLOAT: 9; zeros at the end left out but one: `1.5E+000`.
CREATE FUNCTION oracle.binary_text(value double precision, digits integer) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  parts text[];
BEGIN
  IF value = 'NaN' THEN RETURN 'Nan'; END IF;
  IF value = 'Infinity' THEN RETURN 'Inf'; END IF;
  IF value = '-Infinity' THEN RETURN '-Inf'; END IF;
  parts := regexp_match(to_char(value, '9.' || repeat('9', digits - 1) || 'EEEE'), '(-?\d\.\d+)e([+-])(\d+)');
  RETURN regexp_replace(parts[1], '(\.\d+?)0*$', '\1') || 'E' || parts[2] || lpad(parts[3], 3, '0');
END
$$;
CREATE FUNCTION oracle.to_char(double precision) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN oracle.binary_text($1, 17);
CREATE FUNCTION oracle.to_char(real) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN oracle.binary_text($1, 9);

CREATE FUNCTION oracle.invalid_number(value text) RETURNS numeric
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
BEGIN
  PERFORM oracle.raise(1722, 'invalid number');
  RETURN NULL;
END
$$;
-- Immutable in fact: the error is all that keeps the planner from evaluating ahead.
CREATE FUNCTION oracle.to_number(text) RETURNS numeric STABLE PARALLEL SAFE
  RETURN CASE
    WHEN $1 ~ '^\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*$' THEN $1::numeric
    WHEN $1 IS NULL OR $1 = '' THEN NULL
    ELSE oracle.invalid_number($1)
  END;
CREATE FUNCTION oracle.to_number(numeric) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN $1;
CREATE FUNCTION oracle.to_number(integer) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN $1::numeric;
CREATE FUNCTION oracle.to_number(bigint) RETURNS numeric IMMUTABLE PARALLEL SAFE
  RETURN $1::numeric;
CREATE FUNCTION oracle.to_number(value double precision) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
  IF value = 'NaN' OR abs(value) = 'Infinity' THEN PERFORM oracle.raise(1426, 'numeric overflow'); END IF;
  -- Through text: the cast keeps 15 digits only.
  RETURN format('%s', value)::numeric;
END
$$;
