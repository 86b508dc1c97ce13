-- Functions that indexes and translated queries call. The store creates them in its schema when a writer first meets
-- the database or finds them changed; each statement can be repeated. Bodies are parsed here, with pgsphere in the
-- search path, and mean the same under any other.

-- The cone around a region from the unit vector of its centre and its radius in degrees. pgsphere's circles end at a
-- hemisphere: a wider cone becomes one, and a query must take regions of 90 degrees and more without the index.
CREATE OR REPLACE FUNCTION athanor_cone(x double precision, y double precision, z double precision, radius double precision)
RETURNS scircle LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN scircle(spoint(atan2(y, x), asin(greatest(-1, least(1, z)))), radians(greatest(0, least(90, radius))));
