-- Masks of dates. A mask is taken apart once (constants: at plan time) and becomes a mask of PostgreSQL's to_char where
-- that has the same elements, which is nearly always; the rest is written element by element.

-- Tokens: E and an element as written, L and a literal, P and a character of punctuation; FM and FX are elements.
CREATE FUNCTION oracle.mask_tokens(mask text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  -- The longest alternative wins.
  element constant text := '^(SYYYY|YYYY|Y,YYY|YYY|YY|Y|RRRR|RR|RM|IYYY|IYY|IY|IW|I|SCC|CC|MONTH|MON|MM|MI|DAY|DDD|DD'
    || '|DY|D|HH24|HH12|HH|SSSSS|SS|FF[1-9]?|FM|FX|TZH|TZM|TZR|A\.M\.|AM|P\.M\.|PM|B\.C\.|BC|A\.D\.|AD|J|Q|WW|W|X)';
  rest text := mask;
  found text;
  result text[] := '{}';
BEGIN
  WHILE rest <> '' LOOP
    IF rest ~ '^"' THEN
      found := substring(rest FROM '^"([^"]*)"');
      IF found IS NULL THEN PERFORM oracle.raise(1821, 'date format not recognized'); END IF;
      IF found <> '' THEN result := result || ('L' || found); END IF;
      rest := substr(rest, length(found) + 3);
      CONTINUE;
    END IF;
    found := substring(rest FROM '(?i)' || element);
    IF found IS NOT NULL THEN
      result := result || ('E' || found);
    ELSIF rest ~ '^[-/,.;: ]' OR rest ~ '^[^[:alnum:]"]' THEN
      found := left(rest, 1);
      result := result || ('P' || found);
    ELSE
      PERFORM oracle.raise(1821, 'date format not recognized');
    END IF;
    rest := substr(rest, length(found) + 1);
  END LOOP;
  RETURN result;
END
$$;

CREATE FUNCTION oracle.quoted_literal(value text) RETURNS text IMMUTABLE PARALLEL SAFE
  RETURN '"' || pg_catalog.replace(pg_catalog.replace(value, '\', '\\'), '"', '\"') || '"';

-- One element in PostgreSQL's terms; NULL: PostgreSQL has none. kind: date, timestamp, timestamp9, zoned.
CREATE FUNCTION oracle.mask_element(element text, kind text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  name text := upper(element);
BEGIN
  IF name LIKE 'FF%' AND kind = 'date' OR name LIKE 'TZ%' AND kind <> 'zoned' THEN
    PERFORM oracle.raise(1821, 'date format not recognized');
  END IF;
  RETURN CASE
    WHEN name IN ('MONTH', 'MON', 'DAY', 'DY', 'AM', 'PM', 'A.M.', 'P.M.', 'AD', 'BC', 'A.D.', 'B.C.', 'RM') THEN
      -- The case of the first two letters decides.
      CASE
        WHEN substr(element, 1, 1) ~ '[a-z]' THEN lower(element)
        WHEN substr(element, 2, 1) ~ '[a-z]' THEN initcap(element)
        ELSE name
      END
    WHEN name IN ('YYYY', 'Y,YYY', 'YYY', 'YY', 'Y', 'IYYY', 'IYY', 'IY', 'I', 'CC', 'MM', 'DDD', 'DD', 'D', 'HH24',
      'HH12', 'MI', 'SS', 'J', 'Q', 'WW', 'IW', 'W', 'TZH', 'TZM') THEN name
    WHEN name = 'RRRR' THEN 'YYYY'
    -- For years after Christ; the others are written element by element.
    WHEN name = 'SYYYY' THEN '" "YYYY'
    WHEN name = 'RR' THEN 'YY'
    WHEN name = 'HH' THEN 'HH12'
    WHEN name = 'X' THEN '"."'
    WHEN name = 'TZR' THEN 'TZH:TZM'
    -- The digits beyond the sixth: see nanosecond_mark.
    WHEN name IN ('FF', 'FF9') AND kind = 'timestamp9' THEN E'US"\x01"'
    WHEN name = 'FF8' AND kind = 'timestamp9' THEN E'US"\x02"'
    WHEN name = 'FF7' AND kind = 'timestamp9' THEN E'US"\x03"'
    WHEN name = 'FF' THEN 'US'
    WHEN name = 'FF7' THEN 'US"0"'
    WHEN name = 'FF8' THEN 'US"00"'
    WHEN name = 'FF9' THEN 'US"000"'
    WHEN name LIKE 'FF_' THEN name
  END;
END
$$;

-- The whole mask in PostgreSQL's terms, or NULL. FM holds until the next FM there, for one element here.
CREATE FUNCTION oracle.date_mask(mask text, kind text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  token text;
  element text;
  compact boolean := false;
  result text := '';
BEGIN
  FOREACH token IN ARRAY oracle.mask_tokens(mask) LOOP
    IF token !~ '^E' THEN
      result := result || oracle.quoted_literal(substr(token, 2));
    ELSIF upper(token) = 'EFM' THEN
      compact := NOT compact;
    ELSIF upper(token) <> 'EFX' THEN
      element := oracle.mask_element(substr(token, 2), kind);
      IF element IS NULL OR compact AND upper(token) = 'ESYYYY' THEN RETURN NULL; END IF;
      result := result || CASE WHEN compact AND element !~ '^["UTF]' THEN 'FM' ELSE '' END || element;
    END IF;
  END LOOP;
  RETURN result;
END
$$;

-- Whether PostgreSQL's mask holds for a value of this mask: see SYYYY.
CREATE FUNCTION oracle.mask_fits(mask text, value timestamp) RETURNS boolean IMMUTABLE PARALLEL SAFE
  RETURN value >= timestamp '0001-01-01' OR pg_catalog.strpos(pg_catalog.upper(mask), 'SYYYY') = 0;

-- Masks with an element that PostgreSQL lacks.
CREATE FUNCTION oracle.format_tokens(value timestamp, mask text, kind text) RETURNS text
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  token text;
  name text;
  compact boolean := false;
  result text := '';
  year integer := EXTRACT(year FROM value);
  century integer := EXTRACT(century FROM value);
  part text;
BEGIN
  FOREACH token IN ARRAY oracle.mask_tokens(mask) LOOP
    name := upper(substr(token, 2));
    IF token !~ '^E' THEN
      part := substr(token, 2);
    ELSIF name = 'FM' THEN
      compact := NOT compact;
      part := '';
    ELSIF name = 'FX' THEN
      part := '';
    ELSIF name = 'SYYYY' THEN
      part := CASE WHEN year < 0 THEN '-' WHEN compact THEN '' ELSE ' ' END
        || CASE WHEN compact THEN abs(year)::text ELSE lpad(abs(year)::text, 4, '0') END;
    ELSIF name = 'SCC' THEN
      part := CASE WHEN century < 0 THEN '-' WHEN compact THEN '' ELSE ' ' END
        || CASE WHEN compact THEN abs(century)::text ELSE lpad(abs(century)::text, 2, '0') END;
    ELSIF name = 'SSSSS' THEN
      part := floor(EXTRACT(epoch FROM value - date_trunc('day', value)))::text;
      IF NOT compact THEN part := lpad(part, 5, '0'); END IF;
    ELSE
      part := to_char(value, CASE WHEN compact AND name !~ '^(FF|TZ|X)' THEN 'FM' ELSE '' END
        || oracle.mask_element(substr(token, 2), kind));
    END IF;
    result := result || part;
  END LOOP;
  RETURN result;
END
$$;
