"""What a filled form asks of the archive, as ADQL."""

from __future__ import annotations

import pytest
from django.http import QueryDict

from web.forms.search import SearchForm
from web.queries import build_adql

INSTRUMENTS = [("EMOS1", 3), ("EPN", 1200)]
COLLECTIONS = [("xmm-sim", 1203)]
TYPES = [("event", 1000), ("it's", 203)]
COLUMNS = [(name, "") for name in ("obs_id", "target_name", "instrument_name", "dataproduct_type", "s_ra", "s_dec")] + [
    (name, "") for name in ("t_min", "t_exptime", "access_url", "access_estsize", "em_min")
]

SELECT = (
    "SELECT obs_id, target_name, instrument_name, dataproduct_type, s_ra,\n"
    "       s_dec, t_min, t_exptime, access_url, access_estsize"
)
FROM = "\nFROM ivoa.obscore"
FACETS = """instrument_name IN ('EPN', 'EMOS1')
  AND obs_collection IN ('xmm-sim')
  AND dataproduct_type IN ('it''s')"""
ORDER = "\nORDER BY obs_collection, t_min DESC, obs_publisher_did"


def form(query):
    return SearchForm(
        QueryDict(query),
        instruments=INSTRUMENTS,
        collections=COLLECTIONS,
        product_types=TYPES,
        columns=COLUMNS,
    )


def cone(condition, point):
    return (
        f"{SELECT},\n       DISTANCE(POINT(s_ra, s_dec), {point}) AS separation{FROM}\nWHERE {condition}"
        "\nORDER BY separation, t_min DESC, obs_publisher_did"
    )


@pytest.mark.parametrize(
    ("query", "adql"),
    [
        ("target=", SELECT + FROM + ORDER),
        ("target=Crab", f"{SELECT}{FROM}\nWHERE LOWER(target_name) LIKE '%crab%'{ORDER}"),
        ("target=NGC*", f"{SELECT}{FROM}\nWHERE LOWER(target_name) LIKE 'ngc%'{ORDER}"),
        ("target=Barnard%27s", f"{SELECT}{FROM}\nWHERE LOWER(target_name) LIKE '%barnard''s%'{ORDER}"),
        (
            "target=%27+OR+1%3D1+--",
            f"{SELECT}{FROM}\nWHERE LOWER(target_name) LIKE '%'' or 1=1 --%'{ORDER}",
        ),
        ("target=a%5C%27b", f"{SELECT}{FROM}\nWHERE LOWER(target_name) LIKE '%a\\''b%'{ORDER}"),
        (
            "ra=83.633&dec=22.014&radius=10&unit=arcmin",
            cone("1 = CONTAINS(POINT(s_ra, s_dec), CIRCLE(83.633, 22.014, 0.166666666667))", "POINT(83.633, 22.014)"),
        ),
        (
            "ra=05:34:32&dec=-22:00:00&radius=36&unit=arcsec&region=footprint",
            cone("1 = INTERSECTS(s_region, CIRCLE(83.6333333333, -22.0, 0.01))", "POINT(83.6333333333, -22.0)"),
        ),
        (
            "ra=05:34:32+-22:00:00&radius=2&unit=deg",
            cone("1 = CONTAINS(POINT(s_ra, s_dec), CIRCLE(83.6333333333, -22.0, 2.0))", "POINT(83.6333333333, -22.0)"),
        ),
        (
            "ra=10.5+20.5",
            cone("1 = CONTAINS(POINT(s_ra, s_dec), CIRCLE(10.5, 20.5, 0.25))", "POINT(10.5, 20.5)"),
        ),
        (
            "instrument=EPN&instrument=EMOS1&collection=xmm-sim&type=it%27s",
            f"{SELECT}{FROM}\nWHERE {FACETS}{ORDER}",
        ),
        (
            "time_from=2001-06-13&time_to=2001-06-13",
            f"{SELECT}{FROM}\nWHERE t_max >= 52073.0\n  AND t_min <= 52074.0{ORDER}",
        ),
        (
            "energy_from=0.5&energy_to=2",
            f"{SELECT}{FROM}\nWHERE em_min <= 2.47968396866e-09\n  AND em_max >= 6.19920992166e-10{ORDER}",
        ),
        ("cols=obs_id&cols=em_min", f"SELECT obs_id, em_min{FROM}{ORDER}"),
    ],
)
def test_query_of_a_form(query, adql):
    filled = form(query)
    assert filled.is_valid(), filled.errors
    assert build_adql(filled.criteria()) == adql


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("ra=10", {"dec": ["A position needs both right ascension and declination."]}),
        ("dec=10", {"ra": ["A position needs both right ascension and declination."]}),
        ("ra=10&dec=91", {"dec": ["91 lies outside -90 to +90 degrees."]}),
        ("ra=10&dec=10&radius=x", {"radius": ["This is not a number."]}),
        ("radius=0", {"radius": ["The radius must be more than 0 and at most 180 degrees."]}),
        ("radius=181&unit=deg", {"radius": ["The radius must be more than 0 and at most 180 degrees."]}),
        ("radius=inf", {"radius": ["This is not a number."]}),
        (
            "instrument=RGS%27%29+OR+1%3D1",
            {"instrument": ["Select a valid choice. RGS') OR 1=1 is not one of the available choices."]},
        ),
        ("cols=obs_id%2C+1", {"cols": ["Select a valid choice. obs_id, 1 is not one of the available choices."]}),
        ("unit=parsec", {"unit": ["Select a valid choice. parsec is not one of the available choices."]}),
        ("time_from=2002-01-01&time_to=2001-01-01", {"time_to": ["This is less than where the range begins."]}),
        ("energy_from=-1", {"energy_from": ["An energy is more than 0 keV."]}),
        ("energy_from=2&energy_to=1", {"energy_to": ["This is less than where the range begins."]}),
    ],
)
def test_what_is_refused_and_where_it_is_said(query, errors):
    assert form(query).errors == errors
