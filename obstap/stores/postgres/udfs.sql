-- The user-defined functions of ADQL, and regions against the outlines of MOCs. They are run after functions.sql, whose
-- functions they use; each statement can be repeated. vo/healpix_grid.py, vo/epochs.py, vo/frames.py and
-- vo/moc_outlines.py say what they mean. What has no value is NULL.

-- A number whose products with others like it are neither too small nor too large for a double; else NULL.
CREATE OR REPLACE FUNCTION athanor_tame(x double precision)
RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN abs(x) < 1e-30 THEN 0 WHEN abs(x) <= 1e12 THEN x END;

-- HEALPix, nested.

CREATE OR REPLACE FUNCTION athanor_spread(bits bigint)
RETURNS bigint LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  bits := (bits | (bits << 16)) & 281470681808895;
  bits := (bits | (bits << 8)) & 71777214294589695;
  bits := (bits | (bits << 4)) & 1085102592571150095;
  bits := (bits | (bits << 2)) & 3689348814741910323;
  RETURN (bits | (bits << 1)) & 6148914691236517205;
END $$;

CREATE OR REPLACE FUNCTION athanor_gathered(bits bigint)
RETURNS bigint LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  bits := bits & 6148914691236517205;
  bits := (bits | (bits >> 1)) & 3689348814741910323;
  bits := (bits | (bits >> 2)) & 1085102592571150095;
  bits := (bits | (bits >> 4)) & 71777214294589695;
  bits := (bits | (bits >> 8)) & 281470681808895;
  RETURN (bits | (bits >> 16)) & 4294967295;
END $$;

-- The cell of an order that holds a position. The steps of the arithmetic are those of the library that fills the
-- hidden columns of tables, so that both agree to the last bit.
CREATE OR REPLACE FUNCTION athanor_healpix(depth bigint, lon double precision, lat double precision)
RETURNS bigint LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  transition double precision := 0.7297276562269663;
  quarter bigint;
  face bigint;
  x double precision;
  y double precision;
  half double precision;
  last bigint;
  i bigint;
  j bigint;
BEGIN
  IF NOT (depth BETWEEN 0 AND 29 AND abs(lon) < 'Infinity' AND abs(lat) <= 90) THEN
    RETURN NULL;
  END IF;
  lon := CASE WHEN abs(lon) < 1e-300 THEN 0 ELSE lon END;
  IF lon < 0 OR lon >= 360 THEN
    lon := CASE WHEN abs(lon) < 1e9 THEN lon - 360 * floor(lon / 360) ELSE athanor_mod(lon, 360) END;
    lon := CASE WHEN lon < 0 THEN lon + 360 ELSE lon END;
  END IF;
  lon := CASE WHEN lon < 1e-300 THEN 0 ELSE radians(lon) END;
  lat := CASE WHEN abs(lat) < 1e-300 THEN 0 ELSE radians(lat) END;
  x := 1.2732395447351628 * lon;
  quarter := CAST(floor(x) AS bigint) | 1;
  x := x - quarter;
  quarter := (quarter & 7) >> 1;
  IF abs(lat) > transition THEN
    y := 2.449489742783178 * cos(lat * 0.5 + sign(lat) * 0.7853981633974483);
    x := x * y;
    IF lat > 0 THEN
      face := quarter;
      y := 2 - y;
    ELSE
      face := quarter + 8;
    END IF;
  ELSE
    y := 1.5 * sin(lat);
    IF x > y THEN
      IF x >= -y THEN
        face := 4 + ((quarter + 1) & 3);
        x := x - 1;
        y := y + 1;
      ELSE
        face := 8 + quarter;
        y := y + 2;
      END IF;
    ELSIF x >= -y THEN
      face := quarter;
    ELSE
      face := 4 + quarter;
      x := x + 1;
      y := y + 1;
    END IF;
  END IF;
  half := 0.5 * CAST(1::bigint << CAST(depth AS integer) AS double precision);
  last := (1::bigint << CAST(depth AS integer)) - 1;
  i := greatest(0, least(last, CAST(floor(half * (y + x)) AS bigint)));
  j := greatest(0, least(last, CAST(floor(half * (y - x)) AS bigint)));
  RETURN (face << CAST(2 * depth AS integer)) | athanor_spread(i) | (athanor_spread(j) << 1);
END $$;

-- The centre of a cell.
CREATE OR REPLACE FUNCTION athanor_healpix_centre(depth bigint, cell bigint)
RETURNS double precision[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  face bigint;
  side double precision;
  x double precision;
  y double precision;
  v double precision;
  width double precision := 1;
  lon double precision;
  z double precision;
  flat double precision;
BEGIN
  IF NOT (depth BETWEEN 0 AND 29) THEN
    RETURN NULL;
  END IF;
  IF NOT (cell >= 0 AND cell < 12::bigint << CAST(2 * depth AS integer)) THEN
    RETURN NULL;
  END IF;
  face := cell >> CAST(2 * depth AS integer);
  cell := cell - (face << CAST(2 * depth AS integer));
  side := 1::bigint << CAST(depth AS integer);
  x := (athanor_gathered(cell) + 0.5::double precision) / side;
  y := (athanor_gathered(cell >> 1) + 0.5::double precision) / side;
  v := (1 - face / 4) * 0.5::double precision + (x + y) / 2 - 0.5::double precision;
  IF abs(v) > 0.5 THEN
    width := 2 - 2 * abs(v);
  END IF;
  lon := (pi() / 2) * (face % 4 + CASE WHEN face / 4 = 1 THEN 0 ELSE 0.5::double precision END + (x - y) / 2 / width);
  flat := width * width / 3;
  IF abs(v) > 0.5 THEN
    z := sign(v) * (1 - flat);
    flat := sqrt(flat * (2 - flat));
  ELSE
    z := v / 0.75::double precision;
    flat := sqrt(1 - z * z);
  END IF;
  lon := degrees(lon);
  RETURN ARRAY[CASE WHEN lon < 0 THEN lon + 360 ELSE lon END, degrees(atan2(z, flat))];
END $$;

-- Stars at another epoch.
CREATE OR REPLACE FUNCTION athanor_propagated(lon double precision, lat double precision, parallax double precision,
  pm_lon double precision, pm_lat double precision, velocity double precision, years double precision)
RETURNS double precision[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  milliarcsecond double precision := pi() / 648000000;
  astronomical_unit double precision := 4.740470446;
  known_parallax boolean := coalesce(parallax <> 'NaN', false);
  known_motion boolean := coalesce(pm_lon <> 'NaN' AND pm_lat <> 'NaN', false);
  known_velocity boolean := coalesce(velocity <> 'NaN', false);
  plx double precision := athanor_tame(coalesce(nullif(parallax, 'NaN'), 0));
  a double precision := athanor_tame(coalesce(nullif(pm_lon, 'NaN'), 0));
  d double precision := athanor_tame(coalesce(nullif(pm_lat, 'NaN'), 0));
  speed double precision := athanor_tame(coalesce(nullif(velocity, 'NaN'), 0));
  t double precision := athanor_tame(years);
  r double precision[];
  u double precision[] := ARRAY[0, 0, 0]::double precision[];
  m double precision[] := ARRAY[0, 0, 0]::double precision[];
  place double precision[];
  sa double precision; ca double precision; sd double precision; cd double precision;
  receding double precision;
  square double precision;
  along double precision;
  nearer double precision;
  new_receding double precision;
BEGIN
  IF (abs(lon) < 'Infinity' AND abs(lat) <= 90 AND plx + a + d + speed + t IS NOT NULL) IS NOT TRUE THEN
    RETURN NULL;
  END IF;
  r := athanor_unit(lon, lat);
  lon := CASE WHEN abs(lon) < 1e-30 THEN 0 ELSE radians(lon) END;
  lat := CASE WHEN abs(lat) < 1e-30 THEN 0 ELSE radians(lat) END;
  sa := sin(lon); ca := cos(lon); sd := sin(lat); cd := cos(lat);
  m := ARRAY[
    milliarcsecond * (- a * sa - d * sd * ca),
    milliarcsecond * (a * ca - d * sd * sa),
    milliarcsecond * d * cd];
  receding := milliarcsecond * speed * plx / astronomical_unit;
  square := milliarcsecond * milliarcsecond * (a * a + d * d);
  along := 1 + receding * t;
  nearer := 1 / sqrt(1 + 2 * receding * t + (square + receding * receding) * t * t);
  FOR i IN 1 .. 3 LOOP
    u[i] := (along * r[i] + t * m[i]) * nearer;
    m[i] := (along * m[i] - square * t * r[i]) * nearer * nearer * nearer / milliarcsecond;
  END LOOP;
  place := athanor_lonlat(u[1], u[2], u[3]);
  sa := sin(radians(place[1])); ca := cos(radians(place[1]));
  new_receding := (receding + (square + receding * receding) * t) * nearer * nearer / milliarcsecond;
  RETURN place || ARRAY[
    CASE WHEN known_parallax THEN parallax * nearer ELSE 'NaN' END,
    CASE WHEN known_motion THEN m[2] * ca - m[1] * sa ELSE 'NaN' END,
    CASE WHEN known_motion THEN m[3] * (u[1] * ca + u[2] * sa) - u[3] * (m[1] * ca + m[2] * sa) ELSE 'NaN' END,
    CASE WHEN NOT known_velocity THEN 'NaN' WHEN plx = 0 THEN velocity
      ELSE astronomical_unit * new_receding / (plx * nearer) END];
END $$;

-- A shape in another frame, to which a matrix of 3 by 3 numbers turns it.
CREATE OR REPLACE FUNCTION athanor_rotated(shape double precision[], matrix double precision[])
RETURNS double precision[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  result double precision[] := shape;
  v double precision[];
BEGIN
  IF NOT athanor_is_shape(shape) THEN
    RETURN NULL;
  END IF;
  FOR i IN 1 .. CASE WHEN cardinality(shape) = 3 THEN 2 ELSE cardinality(shape) END BY 2 LOOP
    v := athanor_unit(shape[i], shape[i + 1]);
    v := athanor_lonlat(
      matrix[1] * v[1] + matrix[2] * v[2] + matrix[3] * v[3],
      matrix[4] * v[1] + matrix[5] * v[2] + matrix[6] * v[3],
      matrix[7] * v[1] + matrix[8] * v[2] + matrix[9] * v[3]);
    result[i] := v[1];
    result[i + 1] := v[2];
  END LOOP;
  RETURN result;
END $$;

-- Texts.

-- The words of a text: runs of letters, digits and whatever is not ASCII, in lower case.
CREATE OR REPLACE FUNCTION athanor_words(given text)
RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN array_remove(regexp_split_to_array(athanor_lower(given), '[\x01-/:-@[-`{-\x7F]+'), '');

-- Hours or degrees, minutes and seconds, as d:m:s, d m s, 1d2m3s (with that letter) or ddmmss, as a number; NULL
-- for anything else.
CREATE OR REPLACE FUNCTION athanor_sexagesimal(given text, letter text)
RETURNS double precision LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  parts text[];
BEGIN
  given := lower(btrim(given));
  parts := coalesce(
    regexp_match(given, '^([+-]?)([0-9]{1,3})(?: *: *| +)([0-9]{1,2})(?: *: *| +)([0-9]{1,2}(\.[0-9]{0,20})?)$'),
    regexp_match(given, '^([+-]?)([0-9]{1,3})' || letter || ' *([0-9]{1,2})m *([0-9]{1,2}(\.[0-9]{0,20})?)s$'),
    regexp_match(given, '^([+-]?)([0-9]{2})([0-9]{2})([0-9]{2}(\.[0-9]{0,20})?)$'));
  IF parts IS NULL OR CAST(parts[3] AS integer) > 59 OR CAST(parts[4] AS double precision) >= 60 THEN
    RETURN NULL;
  END IF;
  RETURN (CASE WHEN parts[1] = '-' THEN -1 ELSE 1 END) * (CAST(parts[2] AS double precision)
    + CAST(parts[3] AS double precision) / 60 + CAST(parts[4] AS double precision) / 3600);
END $$;

CREATE OR REPLACE FUNCTION athanor_hours(given text)
RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN given ~ '^ *[0-9]' AND athanor_sexagesimal(given, 'h') < 24 THEN athanor_sexagesimal(given, 'h') * 15 END;

-- The bin of a number: 0 below the limits and for what is none, 1 to n between them, n + 1 from the upper limit on.
CREATE OR REPLACE FUNCTION athanor_bin(x double precision, low double precision, high double precision, n integer)
RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN x IS NULL OR x = 'NaN' THEN 0 ELSE width_bucket(x, low, high, n) END;

-- How many of the numbers are 0, 1 and so on, up to n - 1.
CREATE OR REPLACE FUNCTION athanor_counts(numbers integer[], n integer)
RETURNS integer[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
  SELECT array_agg(coalesce(found.many, 0) ORDER BY bin) FROM generate_series(0, n - 1) AS bin
  LEFT JOIN (SELECT one, CAST(count(*) AS integer) AS many FROM unnest(numbers) AS one GROUP BY one) AS found
    ON one = bin
);

-- Whether an arc touches a circle or polygon, or passes by its first place within an arcsecond. Arcs are given by
-- their ends: longitude and latitude of one and of the other.
CREATE OR REPLACE FUNCTION athanor_meets(shape double precision[], arcs double precision[])
RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  sag double precision := 1 / 3600::double precision;
  here double precision[];
  radius double precision;
  far double precision := 0;
  v double precision[];
  w double precision[];
  near double precision;
  arc double precision[];
BEGIN
  IF NOT athanor_is_shape(shape) THEN
    RETURN NULL;
  END IF;
  here := athanor_unit(shape[1], shape[2]);
  IF cardinality(shape) <= 3 THEN
    radius := greatest(athanor_radius(shape), sag);
    far := radians(radius);
    shape := shape[1:2] || radius;
  ELSE
    FOR i IN 3 .. cardinality(shape) BY 2 LOOP
      v := athanor_unit(shape[i], shape[i + 1]);
      far := greatest(far, athanor_angle(here[1], here[2], here[3], v[1], v[2], v[3]));
    END LOOP;
    far := far + radians(sag);
  END IF;
  FOR i IN 1 .. cardinality(arcs) BY 4 LOOP
    CONTINUE WHEN abs(arcs[i + 1] - shape[2])
      > degrees(far) + 1e-6 + abs(arcs[i + 3] - arcs[i + 1]) + abs(arcs[i + 2] - arcs[i]);
    v := athanor_unit(arcs[i], arcs[i + 1]);
    w := athanor_unit(arcs[i + 2], arcs[i + 3]);
    near := athanor_angle(here[1], here[2], here[3], v[1], v[2], v[3])
      - athanor_angle(v[1], v[2], v[3], w[1], w[2], w[3]);
    IF near <= far + 1e-8 THEN
      arc := arcs[i:i + 3] || arcs[i + 2:i + 3];
      IF athanor_intersects(shape, arc) OR athanor_intersects(shape[1:2] || sag, arc) THEN
        RETURN true;
      END IF;
    END IF;
  END LOOP;
  RETURN false;
END $$;
