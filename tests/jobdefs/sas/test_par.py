"""Parameter files of SAS are read as SAS's own reader reads them; what is no such file is refused in words."""

from __future__ import annotations

import pytest

from jobdefs.sas.par import MAX_BYTES, ParParameter, Range, read_par, read_range
from vo.errors import AthanorError

NESTED = b"""<?xml version="1.0" encoding="ISO-8859-1"?>
<FILE><CONFIG>
  <PARAM id="table" type="table" mandatory="yes"><DESCRIPTION>Name of   input
     table</DESCRIPTION></PARAM>
  <PARAM id="withimageset" type="bool" default="no">
    <DESCRIPTION>Create image?</DESCRIPTION>
    <CASE><ITEM value="yes">
      <PARAM id="imageset" type="dataset" default="image.fits" mandatory="no"/>
      <PARAM id="imagebinning" type="choice" default="imageSize">
        <CASE>
          <ITEM value="binSize"><PARAM id="ximagebinsize" type="real" default="1"/></ITEM>
          <ITEM value="imageSize"><PARAM id="ximagesize" type="int" default="600">
            <CONSTRAINTS>ximagesize in [1:]</CONSTRAINTS></PARAM></ITEM>
        </CASE>
      </PARAM>
    </ITEM></CASE>
  </PARAM>
  <GROUP><PARAM id="orders" type="int" list="yes" default="1 2"/></GROUP>
  <PARAM id="pimin" type="ListReal" mandatory="Yes"/>
</CONFIG></FILE>"""


def test_parameters_come_in_order_with_what_they_hang_on() -> None:
    assert read_par(NESTED, source="x.par") == (
        ParParameter("table", "table", mandatory=True, description="Name of input table"),
        ParParameter("withimageset", "bool", "no", description="Create image?", options=("yes",)),
        ParParameter("imageset", "dataset", "image.fits", parent="withimageset", parent_value="yes"),
        ParParameter(
            "imagebinning",
            "choice",
            "imageSize",
            parent="withimageset",
            parent_value="yes",
            options=("binSize", "imageSize"),
        ),
        ParParameter("ximagebinsize", "real", "1", parent="imagebinning", parent_value="binSize"),
        ParParameter(
            "ximagesize",
            "int",
            "600",
            constraints="ximagesize in [1:]",
            parent="imagebinning",
            parent_value="imageSize",
        ),
        ParParameter("orders", "int", "1 2", is_list=True),
        ParParameter("pimin", "real", mandatory=True, is_list=True),
    )


RANGES = [
    ("order in [1:]", Range(1, None, exact=True)),
    ("exposed in [0:1]", Range(0, 1, exact=True)),
    ("BADQUALITY in [0:5]", Range(0, 5, exact=True)),
    ("x in (0:]", Range(0, None, exact=False)),
    ("x in [:2.5)", Range(None, 2.5, exact=False)),
    ("x in [-1e-3:+.5]", Range(-0.001, 0.5, exact=True)),
    ("x in (:4]", Range(None, 4, exact=True)),
    ("x in [:]", None),
    ("x in [5:1]", None),
    ("x in [1:2],[3:4]", None),
    ("x > 3", None),
    ("y in [1:2]", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "expected"), RANGES)
def test_a_constraint_that_is_a_range_is_understood(text: str, expected: Range | None) -> None:
    name = "y" if text.startswith("x >") else text.partition(" ")[0].lower()
    assert read_range("x" if name == "y" else name, text) == expected


BOMB = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<CONFIG><PARAM id="x" type="string" default="&b;"/></CONFIG>"""
OUTSIDE = b"""<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]><CONFIG><PARAM id="x" default="&a;"/></CONFIG>"""
MANY = b"<CONFIG>" + b'<PARAM id="x" type="int"/>' * 1001 + b"</CONFIG>"

REFUSED = [
    (BOMB, "x.par: it declares entities, or refers to other files; that is refused."),
    (OUTSIDE, "x.par: it declares entities, or refers to other files; that is refused."),
    (b"<CONFIG><PARAM id='x'></CONFIG>", "x.par: this is no XML: mismatched tag"),
    (b"", "x.par: this is no XML: no element found"),
    (b"\x00\xff", "x.par: this is no XML"),
    (b"<?xml version='1.0' encoding='nonsense'?><CONFIG/>", "x.par: "),
    (b"<FILE/>", "x.par: it has no CONFIG element, and so is no parameter file of SAS."),
    (b"<CONFIG><PARAM type='int'/></CONFIG>", "x.par: a PARAM has no id."),
    (MANY, "x.par: it has more than 1,000 parameters."),
    (b" " * (MAX_BYTES + 1), "x.par: it has 4,194,305 bytes; 4,194,304 are read."),
]


@pytest.mark.parametrize(("data", "message"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_no_parameter_file_is_refused_in_words(data: bytes, message: str) -> None:
    with pytest.raises(AthanorError) as caught:
        read_par(data, source="x.par")
    assert caught.value.message.startswith(message)


def test_files_may_be_nested_deeply() -> None:
    deep = b"<CONFIG>" + b"<CASE>" * 5000 + b'<PARAM id="x" type="int"/>' + b"</CASE>" * 5000 + b"</CONFIG>"
    assert [one.name for one in read_par(deep, source="x.par")] == ["x"]
