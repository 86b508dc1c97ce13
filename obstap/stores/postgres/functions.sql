-- Functions that indexes and translated queries call. The store creates them in its schema when a writer first meets
-- the database or finds them changed; each statement can be repeated. Bodies are parsed here, with pgsphere in the
-- search path, and mean the same under any other.

-- The cone around a region from the unit vector of its centre and its radius in degrees. pgsphere's circles end at a
-- hemisphere: a wider cone becomes one, and a query must take regions of 90 degrees and more without the index.
CREATE OR REPLACE FUNCTION athanor_cone(x double precision, y double precision, z double precision, radius double precision)
RETURNS scircle LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN scircle(spoint(atan2(y, x), asin(greatest(-1, least(1, z)))), radians(greatest(0, least(90, radius))));

-- Numbers. PostgreSQL refuses to compute what has no value or no place among doubles; these give NaN, an infinity or
-- 0, as IEEE 754 has it, and NULL for divisions b2 0.

CREATE OR REPLACE FUNCTION athanor_finite(x double precision)
RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN abs(x) < 'Infinity' THEN x WHEN x IS NOT NULL THEN 'NaN' END;

CREATE OR REPLACE FUNCTION athanor_in_one(x double precision)
RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN x BETWEEN -1 AND 1 THEN x WHEN x IS NOT NULL THEN 'NaN' END;

CREATE OR REPLACE FUNCTION athanor_not_negative(x double precision)
RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN x >= 0 THEN x WHEN x < 0 THEN 'NaN' END;

CREATE OR REPLACE FUNCTION athanor_ln(x double precision)
RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN x > 0 THEN ln(x) WHEN x = 0 THEN '-Infinity' WHEN x < 0 THEN 'NaN' END;

CREATE OR REPLACE FUNCTION athanor_log10(x double precision)
RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN x > 0 THEN log(x) WHEN x = 0 THEN '-Infinity' WHEN x < 0 THEN 'NaN' END;

CREATE OR REPLACE FUNCTION athanor_exp(x double precision)
RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN x BETWEEN -745.13 AND 709.78 THEN exp(x) WHEN x = 'NaN' THEN x WHEN x > 0 THEN 'Infinity' WHEN x < 0 THEN 0 END;

-- Products and quotients: factors of usual size are multiplied at once; of others it is seen first whether the result
-- would be too large (beyond 1.8e308) or too small (below half of 4.9e-324).
CREATE OR REPLACE FUNCTION athanor_times(a double precision, b double precision)
RETURNS double precision LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  large double precision := greatest(abs(a), abs(b));
  small double precision := least(abs(a), abs(b));
BEGIN
  IF (small >= 1e-150 AND large <= 1e150) OR small = 0 OR large >= 'Infinity' THEN
    RETURN a * b;
  END IF;
  IF small > 1 AND small > 1.7976931348623157e308 / large THEN
    RETURN sign(a) * sign(b) * 'Infinity'::double precision;
  END IF;
  IF large < 1e-163 OR (large < 1 AND small < 1e-150 AND (small * 1e170) * large < 2.48e-154) THEN
    RETURN sign(a) * sign(b) * 0;
  END IF;
  RETURN a * b;
END $$;

CREATE OR REPLACE FUNCTION athanor_over(a double precision, b double precision)
RETURNS double precision LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  above double precision := abs(a);
  below double precision := abs(b);
BEGIN
  IF below = 0 THEN
    RETURN NULL;
  END IF;
  IF (above BETWEEN 1e-150 AND 1e150 AND below BETWEEN 1e-150 AND 1e150) OR above = 0 OR above >= 'Infinity'
    OR below >= 'Infinity' THEN
    RETURN a / b;
  END IF;
  IF below < 1 AND above > 1.7976931348623157e308 * below THEN
    RETURN sign(a) * sign(b) * 'Infinity'::double precision;
  END IF;
  IF above < 1 AND below > 1 AND ((above < 1e-150 AND above * 1e170 < 2.48e-154 * least(below, 1e300))
    OR (above < 1e-15 AND below > 1e308)) THEN
    RETURN sign(a) * sign(b) * 0;
  END IF;
  RETURN a / b;
END $$;

CREATE OR REPLACE FUNCTION athanor_power(base double precision, exponent double precision)
RETURNS double precision LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  whole boolean := exponent = floor(exponent);
  sign_of double precision := 1;
  size double precision;
BEGIN
  IF base = 0 AND exponent < 0 THEN
    RETURN CASE WHEN CAST(base AS text) = '-0' AND abs(exponent) < 'Infinity' AND whole AND athanor_mod(exponent, 2) <> 0
      THEN '-Infinity' ELSE 'Infinity' END;
  END IF;
  IF base = '-Infinity' AND NOT whole THEN
    RETURN power(-base, exponent);
  END IF;
  IF base = 0 OR abs(base) IN ('NaN', 'Infinity') OR abs(exponent) IN ('NaN', 'Infinity') OR abs(base) = 1 AND whole THEN
    RETURN power(base, exponent);
  END IF;
  IF base < 0 THEN
    IF NOT whole THEN
      RETURN 'NaN';
    END IF;
    IF athanor_mod(exponent, 2) <> 0 THEN
      sign_of := -1;
    END IF;
  END IF;
  IF abs(exponent) < 1e-300 THEN
    RETURN 1;
  END IF;
  size := athanor_times(exponent, ln(abs(base)));
  IF size > 709.7827 THEN
    RETURN sign_of * 'Infinity'::double precision;
  END IF;
  IF size < -745.133 THEN
    RETURN sign_of * 0;
  END IF;
  RETURN power(base, exponent);
END $$;

-- The remainder with the sign of the dividend, exactly: multiples of the divisor b2 powers of 2 are subtracted.
CREATE OR REPLACE FUNCTION athanor_mod(dividend double precision, divisor double precision)
RETURNS double precision LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  rest double precision := abs(dividend);
  unit double precision := abs(divisor);
  part double precision;
BEGIN
  IF unit = 0 THEN
    RETURN NULL;
  END IF;
  IF rest >= 'Infinity' OR unit = 'NaN' THEN
    RETURN 'NaN';
  END IF;
  WHILE rest >= unit LOOP
    part := unit;
    WHILE rest - part >= part LOOP
      part := part * 2;
    END LOOP;
    rest := rest - part;
  END LOOP;
  RETURN CASE WHEN dividend < 0 THEN -rest ELSE rest END;
END $$;

-- Halves are rounded away from 0.
CREATE OR REPLACE FUNCTION athanor_round(x double precision)
RETURNS double precision LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  whole double precision := trunc(x);
BEGIN
  IF abs(x) >= 4503599627370496 THEN
    RETURN x;
  END IF;
  RETURN CASE WHEN abs(x - whole) >= 0.5 THEN whole + sign(x) ELSE whole END;
END $$;

CREATE OR REPLACE FUNCTION athanor_round(x double precision, digits integer)
RETURNS double precision LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  scale double precision := power(10::double precision, abs(digits));
  result double precision;
BEGIN
  IF abs(x) >= 'Infinity' THEN
    RETURN x;
  END IF;
  IF digits < 0 THEN
    result := athanor_times(athanor_round(athanor_over(x, scale)), scale);
    RETURN CASE WHEN abs(result) >= 'Infinity' THEN 0 ELSE result END;
  END IF;
  result := athanor_over(athanor_round(athanor_times(x, scale)), scale);
  RETURN CASE WHEN abs(result) >= 'Infinity' THEN x ELSE result END;
END $$;

CREATE OR REPLACE FUNCTION athanor_truncate(x double precision, digits integer)
RETURNS double precision LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  scale double precision := power(10::double precision, abs(digits));
  result double precision;
BEGIN
  IF abs(x) >= 'Infinity' THEN
    RETURN x;
  END IF;
  IF digits < 0 THEN
    result := athanor_times(trunc(athanor_over(x, scale)), scale);
    RETURN CASE WHEN abs(result) >= 'Infinity' THEN 0 ELSE result END;
  END IF;
  result := athanor_over(trunc(athanor_times(x, scale)), scale);
  RETURN CASE WHEN abs(result) >= 'Infinity' THEN x ELSE result END;
END $$;

-- A double as a REAL: what is too large becomes an infinity, what is too small 0.
CREATE OR REPLACE FUNCTION athanor_real(x double precision)
RETURNS real LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN abs(x) < 7.006492321624086e-46 THEN x * 0 WHEN abs(x) < 3.4028235677973366e38 THEN x WHEN x = 'NaN' THEN x ELSE sign(x) * 'Infinity'::double precision END;

-- The same, but what is too large is refused.
CREATE OR REPLACE FUNCTION athanor_narrowed(x double precision)
RETURNS real LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN abs(x) < 7.006492321624086e-46 THEN x * 0 ELSE x END;

-- Texts and other types.

CREATE OR REPLACE FUNCTION athanor_text(x double precision)
RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  written text := x;
BEGIN
  IF abs(x) >= 'Infinity' THEN
    RETURN CASE WHEN x = 'NaN' THEN 'nan' WHEN x > 0 THEN 'inf' ELSE '-inf' END;
  END IF;
  IF abs(x) >= 1e15 AND abs(x) < 1e16 THEN
    written := CAST(CAST(written AS numeric) AS text);
  END IF;
  RETURN CASE WHEN position('.' IN written) + position('e' IN written) > 0 THEN written ELSE written || '.0' END;
END $$;

CREATE OR REPLACE FUNCTION athanor_text(x real)
RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  written text := x;
BEGIN
  IF abs(x) >= 'Infinity' THEN
    RETURN CASE WHEN x = 'NaN' THEN 'nan' WHEN x > 0 THEN 'inf' ELSE '-inf' END;
  END IF;
  IF abs(x) >= 1e6 AND abs(x) < 1e16 THEN
    written := CAST(CAST(written AS numeric) AS text);
  END IF;
  RETURN CASE WHEN position('.' IN written) + position('e' IN written) > 0 THEN written ELSE written || '.0' END;
END $$;

CREATE OR REPLACE FUNCTION athanor_double(given text)
RETURNS double precision LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  written text := lower(btrim(given, E' \t\n\r\f\v'));
  parts text[];
  size double precision;
BEGIN
  IF written ~ '^[+-]?(inf|infinity|nan)$' THEN
    RETURN CAST(replace(written, '+', '') AS double precision);
  END IF;
  IF written !~ '^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]{1,5})?$' THEN
    RAISE invalid_text_representation USING MESSAGE = format('%L is not a number', given);
  END IF;
  parts := regexp_match(written, '^([+-]?)([^e]*)e?(.*)$');
  IF parts[2] ~ '^[0.]+$' THEN
    RETURN CAST(parts[1] || '0' AS double precision);
  END IF;
  size := log(CAST(parts[2] AS numeric)) + CAST(coalesce(nullif(parts[3], ''), '0') AS integer);
  IF size > 308.3 OR (size > 308.25 AND abs(CAST(written AS numeric)) >= 1.797693134862315808e308) THEN
    RETURN CAST(parts[1] || 'Infinity' AS double precision);
  END IF;
  RETURN CASE WHEN size < -323.607 THEN CAST(parts[1] || '0' AS double precision) ELSE CAST(written AS double precision) END;
END $$;

CREATE OR REPLACE FUNCTION athanor_whole(given text)
RETURNS numeric LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  written text := lower(btrim(given, E' \t\n\r\f\v'));
BEGIN
  IF written !~ '^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]{1,4})?$' THEN
    RAISE invalid_text_representation USING MESSAGE = format('%L is not a whole number', given);
  END IF;
  RETURN round(CAST(written AS numeric));
END $$;

CREATE OR REPLACE FUNCTION athanor_time(given text)
RETURNS timestamp LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  IF given !~ '^[0-9]{4}-[0-9][0-9]-[0-9][0-9]([T ][0-9][0-9]:[0-9][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?)?Z?$' THEN
    RAISE invalid_datetime_format USING MESSAGE = format('%L is not a time', given);
  END IF;
  RETURN make_timestamp(
    CAST(substr(given, 1, 4) AS integer), CAST(substr(given, 6, 2) AS integer), CAST(substr(given, 9, 2) AS integer),
    coalesce(CAST(nullif(substr(rtrim(given, 'Z'), 12, 2), '') AS integer), 0),
    coalesce(CAST(nullif(substr(rtrim(given, 'Z'), 15, 2), '') AS integer), 0),
    coalesce(CAST(nullif(substr(rtrim(given, 'Z'), 18), '') AS double precision), 0));
END $$;

-- Lower and upper case of all letters, one character for one (SS is not the upper case of ß), whatever the locale of the database is.
DO $$
DECLARE
  chosen text;
BEGIN
  SELECT name INTO chosen FROM unnest(ARRAY['pg_c_utf8', 'C.utf8', 'C.UTF-8', 'en_US.utf8', 'und-x-icu', 'default']) WITH ORDINALITY AS wanted (name, rank)
    JOIN pg_collation ON collname = name AND collencoding IN (-1, pg_char_to_encoding(getdatabaseencoding()))
    ORDER BY rank LIMIT 1;
  EXECUTE format('CREATE OR REPLACE FUNCTION athanor_lower(given text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN lower(given COLLATE pg_catalog.%I) COLLATE pg_catalog."C"', chosen);
  EXECUTE format('CREATE OR REPLACE FUNCTION athanor_upper(given text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN replace(upper(given COLLATE pg_catalog.%I), ''ß'', ''ẞ'') COLLATE pg_catalog."C"', chosen);
END $$;

-- The sphere: the formulas of vo/sphere.py, vo/shapes.py and vo/regions.py, which say what they mean. Shapes are
-- coordinates in degrees: 2 are a point, 3 a circle, 2n >= 6 a polygon. All functions give NULL for what is no shape.

CREATE OR REPLACE FUNCTION athanor_radians(x double precision)
RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN abs(x) < 1e-100 THEN 0 ELSE x * 0.017453292519943295::double precision END;

CREATE OR REPLACE FUNCTION athanor_square(x double precision)
RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN abs(x) < 1e-130 THEN 0 ELSE x * x END;

CREATE OR REPLACE FUNCTION athanor_distance(lon1 double precision, lat1 double precision, lon2 double precision, lat2 double precision)
RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN degrees(2 * atan2(
  sqrt(power(sin(radians(lat2 - lat1) / 2), 2)
    + cos(radians(lat1)) * cos(radians(lat2)) * power(sin(radians(lon2 - lon1) / 2), 2)),
  sqrt(power(sin(radians(lat2 + lat1) / 2), 2)
    + cos(radians(lat1)) * cos(radians(lat2)) * power(cos(radians(lon2 - lon1) / 2), 2))));

-- The square of the sine of half the distance.
CREATE OR REPLACE FUNCTION athanor_haversine(lon1 double precision, lat1 double precision, lon2 double precision, lat2 double precision)
RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN power(sin(radians(lat2 - lat1) / 2), 2)
  + cos(radians(lat1)) * cos(radians(lat2)) * power(sin(radians(lon2 - lon1) / 2), 2);

CREATE OR REPLACE FUNCTION athanor_is_shape(shape double precision[])
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (cardinality(shape) IN (2, 3) OR (cardinality(shape) >= 6 AND cardinality(shape) % 2 = 0))
  AND array_position(shape, NULL) IS NULL
  AND NOT shape && ARRAY['NaN', 'Infinity', '-Infinity']::double precision[];

-- The shape that a text has in DALI's form, coordinates with spaces between them; refused if it is no such shape.
CREATE OR REPLACE FUNCTION athanor_shape(given text, kind text)
RETURNS double precision[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  shape double precision[];
  n integer;
BEGIN
  SELECT array_agg(athanor_double(word) ORDER BY place) INTO shape
    FROM regexp_split_to_table(btrim(given), ' +') WITH ORDINALITY AS words (word, place);
  n := cardinality(shape);
  IF NOT athanor_is_shape(shape) OR n <> (CASE kind WHEN 'POINT' THEN 2 WHEN 'CIRCLE' THEN 3 ELSE greatest(n, 6) END)
    OR EXISTS (SELECT FROM unnest(shape) WITH ORDINALITY AS parts (part, place)
      WHERE place % 2 = 0 AND abs(part) > 90)
    OR (n = 3 AND NOT shape[3] BETWEEN 0 AND 180) THEN
    RAISE invalid_text_representation USING MESSAGE = format('A text is no %s', kind);
  END IF;
  RETURN shape;
END $$;

CREATE OR REPLACE FUNCTION athanor_radius(shape double precision[])
RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN cardinality(shape) = 3 THEN shape[3] ELSE 0 END;

-- The unit vector of a position. Components that are 0 but for rounding are 0, lest their products be too small.
CREATE OR REPLACE FUNCTION athanor_unit(lon double precision, lat double precision)
RETURNS double precision[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  a double precision := athanor_radians(CASE WHEN lon >= 0 AND lon < 360 THEN lon ELSE lon - 360 * floor(lon / 360) END);
  b double precision := athanor_radians(lat);
  flat double precision := cos(b);
  x double precision := flat * cos(a);
  y double precision := flat * CASE WHEN abs(a) < 1e-60 THEN 0 ELSE sin(a) END;
  z double precision := CASE WHEN abs(b) < 1e-60 THEN 0 ELSE sin(b) END;
BEGIN
  RETURN ARRAY[
    CASE WHEN abs(x) < 1e-40 THEN 0 ELSE x END,
    CASE WHEN abs(y) < 1e-40 THEN 0 ELSE y END,
    CASE WHEN abs(z) < 1e-40 THEN 0 ELSE z END];
END $$;

CREATE OR REPLACE FUNCTION athanor_lonlat(x double precision, y double precision, z double precision)
RETURNS double precision[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  lon double precision := degrees(atan2(y, x));
BEGIN
  IF lon < 0 THEN
    lon := lon + 360;
  END IF;
  RETURN ARRAY[CASE WHEN lon >= 360 THEN 0 ELSE lon END, degrees(atan2(z, sqrt(athanor_square(x) + athanor_square(y))))];
END $$;

-- The angle in radians between two unit vectors.
CREATE OR REPLACE FUNCTION athanor_angle(x1 double precision, y1 double precision, z1 double precision, x2 double precision, y2 double precision, z2 double precision)
RETURNS double precision LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  RETURN 2 * atan2(
    sqrt((x1 - x2) * (x1 - x2) + (y1 - y2) * (y1 - y2) + (z1 - z2) * (z1 - z2)),
    sqrt((x1 + x2) * (x1 + x2) + (y1 + y2) * (y1 + y2) + (z1 + z2) * (z1 + z2)));
END $$;

-- A polygon made ready: the number n of its vertices, its signed area in steradians, which side is inside (1 left of
-- the edges, -1 right, 0 none), the sum and the largest of the lengths of its edges (radians); then for each vertex
-- 13 numbers: vertex, normal and tangent of the edge that begins there, its length, and the sum of the normals of the
-- edges that meet there.
CREATE OR REPLACE FUNCTION athanor_polygon(shape double precision[])
RETURNS double precision[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  n integer := cardinality(shape) / 2;
  p double precision[] := array_fill(0::double precision, ARRAY[5 + 13 * n]);
  v double precision[];
  k integer;
  j integer;
  a1 double precision; a2 double precision; a3 double precision;
  b1 double precision; b2 double precision; b3 double precision;
  c1 double precision; c2 double precision; c3 double precision;
  d1 double precision; d2 double precision; d3 double precision;
  s1 double precision; s2 double precision; s3 double precision;
  size double precision;
  longest double precision := 0;
  total double precision := 0;
  area double precision := 0;
BEGIN
  FOR i IN 0 .. n - 1 LOOP
    v := athanor_unit(shape[2 * i + 1], shape[2 * i + 2]);
    k := 5 + 13 * i;
    p[k + 1] := v[1]; p[k + 2] := v[2]; p[k + 3] := v[3];
  END LOOP;
  FOR i IN 0 .. n - 1 LOOP
    k := 5 + 13 * i;
    j := 5 + 13 * ((i + 1) % n);
    a1 := p[k + 1]; a2 := p[k + 2]; a3 := p[k + 3];
    b1 := p[j + 1]; b2 := p[j + 2]; b3 := p[j + 3];
    d1 := a1 - b1; d2 := a2 - b2; d3 := a3 - b3;
    s1 := a1 + b1; s2 := a2 + b2; s3 := a3 + b3;
    c1 := d2 * s3 - d3 * s2; c2 := d3 * s1 - d1 * s3; c3 := d1 * s2 - d2 * s1;
    size := sqrt(c1 * c1 + c2 * c2 + c3 * c3);
    IF size > 0 THEN
      c1 := c1 / size; c2 := c2 / size; c3 := c3 / size;
      p[k + 4] := c1; p[k + 5] := c2; p[k + 6] := c3;
      p[k + 7] := c2 * a3 - c3 * a2; p[k + 8] := c3 * a1 - c1 * a3; p[k + 9] := c1 * a2 - c2 * a1;
      size := 2 * atan2(sqrt(d1 * d1 + d2 * d2 + d3 * d3), sqrt(s1 * s1 + s2 * s2 + s3 * s3));
      p[k + 10] := size;
      longest := greatest(longest, size);
      total := total + size;
    END IF;
  END LOOP;
  a1 := p[6]; a2 := p[7]; a3 := p[8];
  FOR i IN 1 .. n - 2 LOOP
    k := 5 + 13 * i;
    j := k + 13;
    b1 := p[k + 1]; b2 := p[k + 2]; b3 := p[k + 3];
    c1 := p[j + 1]; c2 := p[j + 2]; c3 := p[j + 3];
    d1 := b1 - a1; d2 := b2 - a2; d3 := b3 - a3;
    s1 := c1 - a1; s2 := c2 - a2; s3 := c3 - a3;
    area := area + 2 * atan2(
      a1 * (d2 * s3 - d3 * s2) + a2 * (d3 * s1 - d1 * s3) + a3 * (d1 * s2 - d2 * s1),
      1 + (a1 * b1 + a2 * b2 + a3 * b3) + (b1 * c1 + b2 * c2 + b3 * c3) + (c1 * a1 + c2 * a2 + c3 * a3));
  END LOOP;
  IF abs(area) > 2 * pi() THEN
    area := area + 2 * pi();
    area := area - 4 * pi() * floor(area / (4 * pi())) - 2 * pi();
  END IF;
  p[1] := n; p[2] := area; p[4] := total; p[5] := longest;
  p[3] := CASE WHEN abs(area) <= 1e-13 * longest * longest THEN 0 ELSE sign(area) END;
  IF longest > 0 THEN
    FOR i IN 0 .. n - 1 LOOP
      k := i;
      WHILE p[5 + 13 * k + 10] = 0 LOOP
        k := (k + 1) % n;
      END LOOP;
      j := (i + n - 1) % n;
      WHILE p[5 + 13 * j + 10] = 0 LOOP
        j := (j + n - 1) % n;
      END LOOP;
      FOR axis IN 4 .. 6 LOOP
        p[5 + 13 * i + 7 + axis] := p[5 + 13 * j + axis] + p[5 + 13 * k + axis];
      END LOOP;
    END LOOP;
  END IF;
  RETURN p;
END $$;

-- Radians from the boundary of a polygon that is ready to a unit vector: positive inside, negative outside.
CREATE OR REPLACE FUNCTION athanor_depth(p double precision[], x double precision, y double precision, z double precision)
RETURNS double precision LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  k integer := 5;
  d1 double precision; d2 double precision; d3 double precision;
  along double precision; ahead double precision; turned double precision; side double precision;
  far double precision;
  edge double precision := 'Infinity';
  edge_side double precision := 0;
  vertex double precision := 'Infinity';
  vertex_side double precision := 0;
BEGIN
  FOR i IN 1 .. CAST(p[1] AS integer) LOOP
    d1 := x - p[k + 1]; d2 := y - p[k + 2]; d3 := z - p[k + 3];
    IF p[k + 10] > 0 THEN
      along := p[k + 7] * d1 + p[k + 8] * d2 + p[k + 9] * d3;
      ahead := p[k + 1] * x + p[k + 2] * y + p[k + 3] * z;
      turned := atan2(along, ahead);
      IF turned >= 0 AND turned <= p[k + 10] THEN
        side := p[k + 4] * d1 + p[k + 5] * d2 + p[k + 6] * d3;
        far := atan2(abs(side), sqrt(along * along + ahead * ahead));
        IF far < edge THEN
          edge := far;
          edge_side := side;
        END IF;
      END IF;
    END IF;
    far := athanor_angle(x, y, z, p[k + 1], p[k + 2], p[k + 3]);
    IF far < vertex THEN
      vertex := far;
      vertex_side := p[k + 11] * d1 + p[k + 12] * d2 + p[k + 13] * d3;
    END IF;
    k := k + 13;
  END LOOP;
  IF edge <= vertex THEN
    vertex_side := edge_side;
  END IF;
  RETURN CASE WHEN sign(vertex_side) * p[3] > 0 THEN least(edge, vertex) ELSE - least(edge, vertex) END;
END $$;

-- Whether edges of two polygons cross, with all four ends more than `margin` radians off the other's circle.
CREATE OR REPLACE FUNCTION athanor_cross(p double precision[], q double precision[], margin double precision)
RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  n integer := p[1];
  m integer := q[1];
  a integer; b integer; c integer; d integer;
  c_side double precision; d_side double precision; a_side double precision; b_side double precision;
BEGIN
  FOR i IN 0 .. n - 1 LOOP
    a := 5 + 13 * i;
    b := 5 + 13 * ((i + 1) % n);
    FOR j IN 0 .. m - 1 LOOP
      c := 5 + 13 * j;
      d := 5 + 13 * ((j + 1) % m);
      c_side := p[a+4] * (q[c+1] - p[a+1]) + p[a+5] * (q[c+2] - p[a+2]) + p[a+6] * (q[c+3] - p[a+3]);
      d_side := p[a+4] * (q[d+1] - p[a+1]) + p[a+5] * (q[d+2] - p[a+2]) + p[a+6] * (q[d+3] - p[a+3]);
      IF (c_side > margin AND d_side < -margin) OR (c_side < -margin AND d_side > margin) THEN
        a_side := q[c+4] * (p[a+1] - q[c+1]) + q[c+5] * (p[a+2] - q[c+2]) + q[c+6] * (p[a+3] - q[c+3]);
        b_side := q[c+4] * (p[b+1] - q[c+1]) + q[c+5] * (p[b+2] - q[c+2]) + q[c+6] * (p[b+3] - q[c+3]);
        IF (c_side > margin AND b_side > margin AND a_side < -margin)
          OR (c_side < -margin AND b_side < -margin AND a_side > margin) THEN
          RETURN true;
        END IF;
      END IF;
    END LOOP;
  END LOOP;
  RETURN false;
END $$;

CREATE OR REPLACE FUNCTION athanor_contains("inner" double precision[], "outer" double precision[])
RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  n integer := cardinality("inner");
  m integer := cardinality("outer");
  tolerance double precision := athanor_radians(1e-12);
  radius double precision;
  c double precision[];
  v double precision[];
  p double precision[];
  q double precision[];
  k integer;
  small boolean := true;
BEGIN
  IF NOT (athanor_is_shape("inner") AND athanor_is_shape("outer")) THEN
    RETURN NULL;
  END IF;
  IF m > 3 THEN
    p := athanor_polygon("outer");
    IF n <= 3 THEN
      c := athanor_unit("inner"[1], "inner"[2]);
      RETURN athanor_depth(p, c[1], c[2], c[3]) >= athanor_radians(athanor_radius("inner")) - tolerance;
    END IF;
    q := athanor_polygon("inner");
    FOR i IN 0 .. n / 2 - 1 LOOP
      k := 5 + 13 * i;
      IF athanor_depth(p, q[k + 1], q[k + 2], q[k + 3]) < -tolerance THEN
        RETURN false;
      END IF;
    END LOOP;
    FOR i IN 0 .. n / 2 - 1 LOOP
      k := 5 + 13 * i;
      c := athanor_middle(q, k, 5 + 13 * ((i + 1) % (n / 2)));
      IF athanor_depth(p, c[1], c[2], c[3]) < -tolerance THEN
        RETURN false;
      END IF;
    END LOOP;
    FOR i IN 0 .. m / 2 - 1 LOOP
      k := 5 + 13 * i;
      IF athanor_depth(q, p[k + 1], p[k + 2], p[k + 3]) > tolerance THEN
        RETURN false;
      END IF;
    END LOOP;
    RETURN NOT athanor_cross(p, q, tolerance);
  END IF;
  radius := athanor_radius("outer");
  IF n <= 3 THEN
    RETURN athanor_distance("outer"[1], "outer"[2], "inner"[1], "inner"[2]) + athanor_radius("inner") <= radius + 1e-12
      OR (n = 3 AND radius >= 180);
  END IF;
  c := athanor_unit("outer"[1], "outer"[2]);
  IF radius >= 90 THEN
    RETURN radius >= 180
      OR - athanor_depth(athanor_polygon("inner"), -c[1], -c[2], -c[3]) >= athanor_radians(180 - radius) - tolerance;
  END IF;
  FOR i IN 0 .. n / 2 - 1 LOOP
    v := athanor_unit("inner"[2 * i + 1], "inner"[2 * i + 2]);
    IF degrees(athanor_angle(c[1], c[2], c[3], v[1], v[2], v[3])) > radius + 1e-12 THEN
      RETURN false;
    END IF;
  END LOOP;
  RETURN true;
END $$;

-- The unit vector of the middle of the edge between the vertices that begin behind j and k.
CREATE OR REPLACE FUNCTION athanor_middle(p double precision[], j integer, k integer)
RETURNS double precision[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  x double precision := p[j + 1] + p[k + 1];
  y double precision := p[j + 2] + p[k + 2];
  z double precision := p[j + 3] + p[k + 3];
  size double precision := sqrt(x * x + y * y + z * z);
BEGIN
  RETURN ARRAY[x / size, y / size, z / size];
END $$;

CREATE OR REPLACE FUNCTION athanor_intersects(a double precision[], b double precision[])
RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  tolerance double precision := athanor_radians(1e-12);
  c double precision[];
  p double precision[];
  q double precision[];
  k integer;
BEGIN
  IF NOT (athanor_is_shape(a) AND athanor_is_shape(b)) THEN
    RETURN NULL;
  END IF;
  IF cardinality(a) <= 3 AND cardinality(b) <= 3 THEN
    RETURN athanor_distance(a[1], a[2], b[1], b[2]) <= athanor_radius(a) + athanor_radius(b) + 1e-12;
  END IF;
  IF cardinality(a) <= 3 THEN
    c := a; a := b; b := c;
  END IF;
  p := athanor_polygon(a);
  IF cardinality(b) <= 3 THEN
    c := athanor_unit(b[1], b[2]);
    RETURN athanor_depth(p, c[1], c[2], c[3]) >= - athanor_radians(athanor_radius(b)) - tolerance;
  END IF;
  q := athanor_polygon(b);
  FOR i IN 0 .. cardinality(b) / 2 - 1 LOOP
    k := 5 + 13 * i;
    IF athanor_depth(p, q[k + 1], q[k + 2], q[k + 3]) >= -tolerance THEN
      RETURN true;
    END IF;
  END LOOP;
  FOR i IN 0 .. cardinality(a) / 2 - 1 LOOP
    k := 5 + 13 * i;
    IF athanor_depth(q, p[k + 1], p[k + 2], p[k + 3]) >= -tolerance THEN
      RETURN true;
    END IF;
  END LOOP;
  RETURN athanor_cross(p, q, 0);
END $$;

CREATE OR REPLACE FUNCTION athanor_area(shape double precision[])
RETURNS double precision LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  p double precision[];
BEGIN
  IF NOT athanor_is_shape(shape) THEN
    RETURN NULL;
  END IF;
  IF cardinality(shape) <= 3 THEN
    RETURN degrees(degrees(4 * pi() * athanor_square(sin(athanor_radians(athanor_radius(shape)) / 2))));
  END IF;
  p := athanor_polygon(shape);
  RETURN degrees(degrees(abs(p[2])));
END $$;

CREATE OR REPLACE FUNCTION athanor_centroid(shape double precision[])
RETURNS double precision[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  n integer := cardinality(shape) / 2;
  p double precision[];
  c double precision[] := ARRAY[0, 0, 0]::double precision[];
  j integer;
  k integer;
  a1 double precision; a2 double precision; a3 double precision;
  b1 double precision; b2 double precision; b3 double precision;
  weight double precision;
  total double precision := 0;
BEGIN
  IF NOT athanor_is_shape(shape) THEN
    RETURN NULL;
  END IF;
  IF cardinality(shape) <= 3 THEN
    RETURN shape[1:2];
  END IF;
  p := athanor_polygon(shape);
  FOR i IN 0 .. n - 1 LOOP
    k := 5 + 13 * i;
    IF p[3] = 0 THEN
      FOR axis IN 1 .. 3 LOOP
        c[axis] := c[axis] + p[k + axis] / n;
      END LOOP;
    ELSIF p[4] >= 1e-4 THEN
      FOR axis IN 1 .. 3 LOOP
        c[axis] := c[axis] + p[k + 10] * p[k + 3 + axis] * sign(p[2]);
      END LOOP;
    ELSE
      j := 5 + 13 * ((i + 1) % n);
      a1 := p[k + 1] - p[6]; a2 := p[k + 2] - p[7]; a3 := p[k + 3] - p[8];
      b1 := p[j + 1] - p[6]; b2 := p[j + 2] - p[7]; b3 := p[j + 3] - p[8];
      weight := (a2 * b3 - a3 * b2) * p[6] + (a3 * b1 - a1 * b3) * p[7] + (a1 * b2 - a2 * b1) * p[8];
      total := total + weight;
      c[1] := c[1] + weight * (a1 + b1); c[2] := c[2] + weight * (a2 + b2); c[3] := c[3] + weight * (a3 + b3);
    END IF;
  END LOOP;
  IF p[3] <> 0 AND p[4] < 1e-4 THEN
    total := CASE WHEN total = 0 THEN 1 ELSE 3 * total END;
    c := ARRAY[p[6] + c[1] / total, p[7] + c[2] / total, p[8] + c[3] / total];
  END IF;
  RETURN athanor_lonlat(c[1], c[2], c[3]);
END $$;

-- The polygon of a box; NULL for what is no box.
CREATE OR REPLACE FUNCTION athanor_box(lon double precision, lat double precision, width double precision, height double precision)
RETURNS double precision[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  c double precision[];
  e double precision[];
  x double precision;
  y double precision;
  n1 double precision; n2 double precision; n3 double precision;
BEGIN
  IF NOT (abs(lon) < 'Infinity' AND abs(lat) <= 90 AND width >= 0 AND width < 180 AND height >= 0 AND height < 180) THEN
    RETURN NULL;
  END IF;
  c := athanor_unit(lon, lat);
  e := athanor_unit(lon + 90, 0);
  n1 := c[2] * e[3] - c[3] * e[2]; n2 := c[3] * e[1] - c[1] * e[3]; n3 := c[1] * e[2] - c[2] * e[1];
  x := CASE WHEN width < 1e-60 THEN 0 ELSE tan(athanor_radians(width) / 2) END;
  y := CASE WHEN height < 1e-60 THEN 0 ELSE tan(athanor_radians(height) / 2) END;
  RETURN athanor_lonlat(c[1] - x * e[1] - y * n1, c[2] - x * e[2] - y * n2, c[3] - x * e[3] - y * n3)
    || athanor_lonlat(c[1] + x * e[1] - y * n1, c[2] + x * e[2] - y * n2, c[3] + x * e[3] - y * n3)
    || athanor_lonlat(c[1] + x * e[1] + y * n1, c[2] + x * e[2] + y * n2, c[3] + x * e[3] + y * n3)
    || athanor_lonlat(c[1] - x * e[1] + y * n1, c[2] - x * e[2] + y * n2, c[3] - x * e[3] + y * n3);
END $$;
