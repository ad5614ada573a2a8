-- TO_CHAR(n, mask) and TO_NUMBER(s, mask). Masks: 9 0 . , D G $ L S MI PR B V EEEE X RN TM TM9 TME, FM in front.

-- Decimal and group character of NLS_NUMERIC_CHARACTERS in the third argument, else the session's.
CREATE FUNCTION oracle.numeric_characters(nls text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  given text := (regexp_match(nls, 'NLS_NUMERIC_CHARACTERS\s*=\s*''?([^'']{2})''?', 'i'))[1];
BEGIN
  IF nls IS NOT NULL AND (given IS NULL
    AND nls !~* '^\s*(NLS_CURRENCY|NLS_ISO_CURRENCY)\s*=' OR left(given, 1) = right(given, 1)) THEN
    PERFORM oracle.raise(12702, 'invalid NLS parameter string used in SQL function');
  END IF;
  RETURN coalesce(given, NULLIF(current_setting('oracle.nls_numeric_characters', true), ''), '.,');
END
$$;

-- A mask taken apart: fill (FM), sign (S front, S back, MI, PR, ''), currency ('$', 'L', ''), blank zero (B),
-- whole (characters in front of the point), point, fraction (behind it), shift (digits behind V), exponent (EEEE).
CREATE TYPE oracle.number_mask AS (
  fill boolean, sign text, currency text, blank_zero boolean, whole text, point boolean, fraction text, shift integer,
  exponent boolean
);

CREATE FUNCTION oracle.parse_number_mask(mask text) RETURNS oracle.number_mask
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  rest text := upper(mask);
  result oracle.number_mask;
  parts text[];
BEGIN
  result.fill := rest LIKE 'FM%';
  IF result.fill THEN rest := substr(rest, 3); END IF;
  result.blank_zero := rest ~ 'B';
  result.exponent := rest ~ 'EEEE';
  result.currency := CASE WHEN rest ~ '\$' THEN '$' WHEN rest ~ 'L' THEN 'L' ELSE '' END;
  result.sign := CASE WHEN rest ~ '^S' THEN 'front' WHEN rest ~ 'S$' THEN 'back' WHEN rest ~ 'MI$' THEN 'MI'
    WHEN rest ~ 'PR$' THEN 'PR' ELSE '' END;
  rest := regexp_replace(rest, '^S|S$|MI$|PR$', '');
  rest := regexp_replace(regexp_replace(regexp_replace(rest, 'B', ''), '[$L]', ''), 'EEEE$', '');
  parts := regexp_match(rest, '^([09,G]*)(?:([.D])([09]*)|V([09]+))?$');
  IF parts IS NULL OR (coalesce(parts[1], '') || coalesce(parts[3], '') || coalesce(parts[4], '')) !~ '[09]'
    OR parts[1] ~ '^[,G]' OR mask ~ 'G' AND mask ~ '[.]' OR result.exponent AND parts[1] ~ '[,G]' THEN
    PERFORM oracle.raise(1481, 'invalid number format model');
  END IF;
  result.whole := coalesce(parts[1], '') || coalesce(parts[4], '');
  result.point := parts[2] IS NOT NULL;
  result.fraction := coalesce(parts[3], '');
  result.shift := length(coalesce(parts[4], ''));
  RETURN result;
END
$$;

-- Digits in front of the point laid into the mask's places; NULL when there are more digits than places.
CREATE FUNCTION oracle.lay_digits(digits text, mask oracle.number_mask, group_character text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  places integer := length(regexp_replace(mask.whole, '[^09]', '', 'g'));
  padded text := lpad(digits, places, ' ');
  seen boolean := false;
  taken integer := 0;
  result text := '';
  place text;
  digit text;
BEGIN
  IF length(digits) > places THEN RETURN NULL; END IF;
  FOREACH place IN ARRAY regexp_split_to_array(mask.whole, '') LOOP
    IF place IN (',', 'G') THEN
      result := result || CASE WHEN seen THEN CASE place WHEN 'G' THEN group_character ELSE ',' END ELSE ' ' END;
      CONTINUE;
    END IF;
    CONTINUE WHEN place = '';
    taken := taken + 1;
    digit := substr(padded, taken, 1);
    seen := seen OR place = '0' OR digit <> ' ';
    result := result || CASE WHEN digit <> ' ' THEN digit WHEN seen THEN '0' ELSE ' ' END;
  END LOOP;
  RETURN result;
END
$$;

-- Sign and currency stand right in front of the first digit; without FM the width is always the mask's.
CREATE FUNCTION oracle.dress_number(body text, mask oracle.number_mask, negative boolean) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  front text := CASE
    WHEN mask.sign = 'front' THEN CASE WHEN negative THEN '-' ELSE '+' END
    WHEN mask.sign = 'PR' THEN CASE WHEN negative THEN '<' ELSE ' ' END
    WHEN mask.sign = '' THEN CASE WHEN negative THEN '-' ELSE ' ' END
    ELSE ''
  END;
  back text := CASE mask.sign
    WHEN 'back' THEN CASE WHEN negative THEN '-' ELSE '+' END
    WHEN 'MI' THEN CASE WHEN negative THEN '-' ELSE ' ' END
    WHEN 'PR' THEN CASE WHEN negative THEN '>' ELSE ' ' END
    ELSE ''
  END;
  currency text := CASE mask.currency WHEN '' THEN '' ELSE '$' END;
  width integer := length(body) + length(front)
    + CASE mask.currency WHEN '' THEN 0 WHEN '$' THEN 1 ELSE 10 END;
BEGIN
  IF mask.fill THEN RETURN btrim(front) || currency || btrim(body) || btrim(back); END IF;
  RETURN lpad(front || currency || ltrim(body), width) || back;
END
$$;

CREATE FUNCTION oracle.mask_overflow(mask oracle.number_mask) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
  RETURN repeat('#', length(mask.whole) + length(mask.fraction) + CASE WHEN mask.point THEN 1 ELSE 0 END + 1
    + CASE mask.currency WHEN '' THEN 0 WHEN '$' THEN 1 ELSE 10 END + CASE mask.sign WHEN 'PR' THEN 1 ELSE 0 END
    + CASE WHEN mask.exponent THEN 4 ELSE 0 END);
END
$$;

CREATE FUNCTION oracle.fixed_number(value numeric, mask oracle.number_mask, characters text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  rounded numeric := round(abs(value) * power(10::numeric, mask.shift), length(mask.fraction));
  digits text := NULLIF(format('%s', trunc(rounded)), '0');
  fraction text := right(split_part(format('%s', rounded), '.', 2), length(mask.fraction));
  whole text;
BEGIN
  IF mask.blank_zero AND trunc(rounded) = 0 THEN
    RETURN CASE WHEN mask.fill THEN NULL ELSE repeat(' ', length(oracle.mask_overflow(mask))) END;
  END IF;
  -- Zero shows where nothing else would.
  IF digits IS NULL AND (mask.fraction = '' OR mask.fill AND rounded = 0) AND mask.whole ~ '[09]' THEN digits := '0'; END IF;
  whole := oracle.lay_digits(coalesce(digits, ''), mask, right(characters, 1));
  IF whole IS NULL THEN RETURN oracle.mask_overflow(mask); END IF;
  IF mask.fill THEN
    -- Zeros at the end go, down to the last 0 of the mask.
    fraction := rpad(rtrim(fraction, '0'), greatest(length(rtrim(fraction, '0')), length(rtrim(mask.fraction, '9'))), '0');
  END IF;
  RETURN oracle.dress_number(
    whole || CASE WHEN mask.point THEN left(characters, 1) ELSE '' END || fraction, mask, value < 0);
END
$$;

CREATE FUNCTION oracle.exponent_number(value numeric, mask oracle.number_mask, characters text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  exponent integer := 0;
  mantissa numeric := abs(value);
BEGIN
  IF value <> 0 THEN
    exponent := floor(log(abs(value)));
    mantissa := CASE WHEN exponent < 0 THEN abs(value) * power(10::numeric, -exponent)
      ELSE abs(value) / power(10::numeric, exponent) END;
    IF mantissa < 1 THEN mantissa := mantissa * 10; exponent := exponent - 1; END IF;
    mantissa := round(mantissa, length(mask.fraction));
    IF mantissa >= 10 THEN mantissa := mantissa / 10; exponent := exponent + 1; END IF;
  END IF;
  RETURN oracle.dress_number(
    replace(format('%s', round(mantissa, length(mask.fraction))), '.', left(characters, 1)) || 'E'
      || oracle.exponent_text(exponent), mask, value < 0);
END
$$;

CREATE FUNCTION oracle.hex_number(value numeric, mask text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  places text := regexp_replace(mask, '^FM', '', 'i');
  digits text;
BEGIN
  IF round(value) < 0 OR round(value) > 9223372036854775807 THEN RETURN repeat('#', length(places) + 1); END IF;
  digits := to_hex(round(value)::bigint);
  IF length(digits) > length(places) THEN RETURN repeat('#', length(places) + 1); END IF;
  IF places ~ 'X' THEN digits := upper(digits); END IF;
  IF places ~ '^0' THEN digits := lpad(digits, length(places), '0'); END IF;
  RETURN CASE WHEN mask ~* '^FM' THEN digits ELSE lpad(digits, length(places) + 1) END;
END
$$;

CREATE FUNCTION oracle.to_char(value numeric, mask text, nls text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  characters text;
  parsed oracle.number_mask;
BEGIN
  IF value IS NULL OR mask IS NULL THEN RETURN NULL; END IF;
  characters := oracle.numeric_characters(nls);
  IF mask ~* '^TM9?$' THEN RETURN replace(oracle.to_char(value), '.', left(characters, 1)); END IF;
  IF mask ~* '^TME$' THEN
    RETURN regexp_replace(CASE WHEN value = 0 THEN '0E+00' ELSE oracle.scientific(value) END, '\.?0*E', 'E');
  END IF;
  IF mask ~* '^(FM)?0*X+$' THEN RETURN oracle.hex_number(value, mask); END IF;
  IF mask ~* '^(FM)?RN$' THEN
    IF trunc(value) NOT BETWEEN 1 AND 3999 THEN RETURN repeat('#', 15); END IF;
    RETURN pg_catalog.to_char(round(value), mask);
  END IF;
  parsed := oracle.parse_number_mask(mask);
  RETURN CASE WHEN parsed.exponent THEN oracle.exponent_number(value, parsed, characters)
    ELSE oracle.fixed_number(value, parsed, characters) END;
END
$$;
CREATE FUNCTION oracle.to_char(numeric, text) RETURNS text STABLE PARALLEL SAFE
  RETURN oracle.to_char($1, $2, NULL);
CREATE FUNCTION oracle.to_char(integer, text) RETURNS text STABLE PARALLEL SAFE
  RETURN oracle.to_char($1::numeric, $2, NULL);
CREATE FUNCTION oracle.to_char(bigint, text) RETURNS text STABLE PARALLEL SAFE
  RETURN oracle.to_char($1::numeric, $2, NULL);
CREATE FUNCTION oracle.to_char(integer, text, text) RETURNS text STABLE PARALLEL SAFE
  RETURN oracle.to_char($1::numeric, $2, $3);
CREATE FUNCTION oracle.to_char(bigint, text, text) RETURNS text STABLE PARALLEL SAFE
  RETURN oracle.to_char($1::numeric, $2, $3);
CREATE FUNCTION oracle.to_char(double precision, text) RETURNS text STABLE PARALLEL SAFE
  RETURN oracle.to_char(oracle.to_number($1), $2, NULL);
CREATE FUNCTION oracle.to_char(double precision, text, text) RETURNS text STABLE PARALLEL SAFE
  RETURN oracle.to_char(oracle.to_number($1), $2, $3);

CREATE FUNCTION oracle.to_number(value text, mask text, nls text) RETURNS numeric
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  characters text;
  parsed oracle.number_mask;
  rest text := btrim(value);
  negative boolean := false;
  parts text[];
BEGIN
  IF value IS NULL OR value = '' OR mask IS NULL THEN RETURN NULL; END IF;
  IF mask ~* '^(FM)?0*X+$' THEN
    IF rest !~* '^[0-9a-f]{1,16}$' OR length(rest) > length(regexp_replace(mask, '^FM', '', 'i')) THEN
      PERFORM oracle.raise(1722, 'invalid number');
    END IF;
    -- By the type's input: the cast of text is TO_NUMBER here.
    RETURN numeric_in(textout('0x' || rest), 0, -1);
  END IF;
  characters := oracle.numeric_characters(nls);
  IF mask ~* '^TM(9|E)?$' THEN RETURN oracle.to_number(replace(rest, left(characters, 1), '.')); END IF;
  parsed := oracle.parse_number_mask(mask);
  negative := CASE parsed.sign WHEN 'back' THEN rest ~ '-$' WHEN 'MI' THEN rest ~ '-$' WHEN 'PR' THEN rest ~ '^<.*>$'
    ELSE rest ~ '^-' END;
  rest := CASE parsed.sign WHEN 'back' THEN regexp_replace(rest, '[+-]$', '') WHEN 'MI' THEN regexp_replace(rest, '[ -]$', '')
    WHEN 'PR' THEN regexp_replace(rest, '^<(.*)>$', '\1') ELSE regexp_replace(rest, '^[+-]', '') END;
  IF parsed.currency <> '' THEN rest := regexp_replace(rest, '^\$', ''); END IF;
  IF parsed.whole ~ ',' THEN rest := replace(rest, ',', ''); END IF;
  IF parsed.whole ~ 'G' THEN rest := replace(rest, right(characters, 1), ''); END IF;
  IF parsed.point AND upper(mask) ~ 'D' THEN rest := replace(rest, left(characters, 1), '.'); END IF;
  parts := regexp_match(rest, '^(\d*)(\.\d*)?([eE][+-]?\d+)?$');
  IF parts IS NULL OR rest !~ '\d' OR parts[2] IS NOT NULL AND NOT parsed.point
    OR length(coalesce(parts[2], '.')) - 1 > length(parsed.fraction)
    OR (parts[3] IS NOT NULL) <> parsed.exponent
    OR length(ltrim(parts[1], '0')) > length(regexp_replace(parsed.whole, '[^09]', '', 'g')) THEN
    PERFORM oracle.raise(1722, 'invalid number');
  END IF;
  RETURN trim_scale(CASE WHEN negative THEN -1 ELSE 1 END * rest::numeric / power(10::numeric, parsed.shift));
END
$$;
CREATE FUNCTION oracle.to_number(text, text) RETURNS numeric STABLE PARALLEL SAFE
  RETURN oracle.to_number($1, $2, NULL);
