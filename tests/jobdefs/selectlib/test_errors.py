"""What an astronomer is told, and where, when an expression is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from jobdefs.tasks.selectlib import check_syntax, compile_selection
from vo.errors import QueryError

from .tables import EVENTS, HEADER, compiled

MISTAKES = [
    ("PATERN <= 4", 1, 6, "The table has no column PATERN. Did you mean PATTERN?"),
    ("PI = 500", 4, 1, "A single = is no operator. Write == for equality."),
    ("(PI > 500", 1, 1, "The ( that opens the parenthesis is never closed. A ) is missing."),
    ("PI > 500)", 9, 1, "Found ) where an operator or the end should stand. There is a ) too many"),
    ("PI in [500:2000", 7, 1, "The [ that opens the interval is never closed. A ] is missing."),
    ("PI > ", 6, 1, "The expression ends where a column, a number or a condition should follow."),
    ("", 1, 1, "The expression is empty. Write true to select every row."),
    ("   ", 1, 1, "The expression is empty."),
    ("PI", 1, 2, "PI is a number, but a selection takes a condition. Compare it with something: PI != 0."),
    ("FLAG & 1", 1, 8, "FLAG & 1 is a number, but a selection takes a condition."),
    ("PI > 1 && FLAG", 11, 4, "FLAG is a number, but && takes a condition."),
    ("500 < PI < 2000", 10, 1, "Comparisons can't be chained. Write PI in [low:high], or join two by &&."),
    ("PI > 5 and PATTERN < 4", 8, 3, "Found and where an operator or the end should stand. Write && or .and."),
    ("PI in [2000:500]", 7, 1, "The interval is empty: its lower bound is above its upper bound. Write [500:2000]."),
    ("PI in (500)", 7, 1, "A single value is no open interval. Write [value], or value alone."),
    ("PI in [PATTERN:500]", 8, 7, "The bounds of an interval must be numbers."),
    ("PI == (CCDNR == 1)", 4, 2, "== can't compare a number with a condition."),
    ("(PI > 1) > (CCDNR > 1)", 10, 1, "> can't compare a condition with a condition."),
    ("PI + (X > 1) > 3", 7, 5, "X > 1 is a condition, but + takes a number."),
    ("(X,Y) in CIRCLE(1,2)", 10, 6, "CIRCLE takes 3 numbers (xcenter, ycenter, radius), not 2 numbers. Write circle("),
    ("circle(1,2,X,Y)", 1, 6, "circle takes 3 numbers (xcenter, ycenter, radius) before its two columns, not 2"),
    ("(X,Y) in CIRCLE(1,2,-3)", 21, 2, "The radius of CIRCLE must not be negative."),
    ("(X,Y) in ANNULUS(1,2,5,3)", 22, 1, "The radius1 of ANNULUS must not exceed its radius2."),
    ("(X,Y) in SECTOR(1,2,90,30)", 21, 2, "The fromangle of SECTOR must not exceed its toangle."),
    ("(X,Y) in RECTANGLE(5,0,1,1)", 20, 1, "xlowleft must not exceed xupright: give the lower left corner first."),
    ("(X,Y) in POLYGON(1,2,3,4)", 10, 7, "POLYGON takes x and y of three or more corners, not 4 numbers."),
    ("(X,Y) in CIRCEL(1,2,3)", 10, 6, "A pair can only be in a figure, a region or a mask. Did you mean circle?"),
    ("X in CIRCLE(1,2,3)", 1, 1, "CIRCLE takes a pair of coordinates. Write (X,Y) in CIRCLE(…)."),
    ("(X,Y) in CIRCLE(PI,2,3)", 17, 2, "The first arguments of CIRCLE must be numbers, not PI."),
    ("(X,Y,PI) in CIRCLE(1,2,3)", 6, 2, "Only figures in a plane are known: give two coordinates."),
    ("(X,Y) == 3", 1, 5, "(X, Y) is a pair, but == takes a number."),
    ("sqroot(PI) > 3", 1, 6, "There is no function sqroot. Did you mean sqrt?"),
    ("sqrt(PI, 2) > 3", 1, 4, "sqrt takes 1 arguments, not 2."),
    ("near(PI, 3)", 1, 4, "near takes 3 arguments, not 2."),
    ("ifthenelse(PI, true, false)", 12, 2, "PI is a number, but ifthenelse takes a condition."),
    ("IMAGE(mask.fits,X)", 1, 5, "IMAGE has the wrong number of arguments. Write (X,Y) in IMAGE(image)."),
    ("IMAGE(mask.fits)", 1, 16, "There is no file mask.fits."),
    ("random() > 0.5", 1, 6, "random() is not supported. A selection must give the same rows each time."),
    ("strlen(NAME) > 2", 1, 6, "strlen() is not supported. Texts can only be compared."),
    ("selected && PI > 3", 1, 8, "selected is not supported. Give the condition itself"),
    ("#NOSUCH > 3", 1, 7, "The table has no attribute #NOSUCH."),
    ("#XMMEA_EQ", 1, 9, "The table has no attribute #XMMEA_EQ. Did you mean #XMMEA_E"),
    ("#OWNSELF", 1, 8, "The attribute #OWNSELF contains itself: #OWNSELF → #OTHER → #OWNSELF."),
    ("#ROW != 10", 1, 4, "The row number #ROW is not available here."),
    ("PI & 1.5 == 0", 6, 3, "& takes integers, not 1.5."),
    ("PI ? 3", 4, 1, "? has no meaning here."),
    ("PI ≤ 3", 4, 1, "≤ has no meaning here. Write <=."),
    ("NAME == 'abc", 9, 1, "A text that begins here has no closing quote."),
    ("NAME > 3", 6, 1, "> can't compare a text with a number."),
    ("TIME in gti()", 13, 1, "gti needs a file. Write gti(file,TIME)."),
    ("gti(good.fits,TIME,PI)", 1, 3, "gti has the wrong number of arguments. Write gti(file,TIME)."),
    ("TIME in gti(none.fits)", 1, 22, "There is no file none.fits."),
    ("PI >\n 3 &&\n PATERN < 3", 2, 6, "The table has no column PATERN. Did you mean PATTERN?"),
    ("1/0 > PI && (X,Y) in CIRCLE(1/0,2,3)", 29, 3, "1 / 0 has no finite value."),
    ("RA > 3", 1, 2, "The table has no column RA. Positions on the sky are tested by figures"),
]

TYPED = {
    **HEADER,
    "TFIELDS": 3,
    "TTYPE1": "PI",
    "TFORM1": "I",
    "TTYPE2": "NAME",
    "TFORM2": "3A",
    "TTYPE3": "FLAG",
    "TFORM3": "J",
}


@pytest.mark.parametrize(("text", "column", "length", "message"), MISTAKES)
def test_mistakes_are_told_with_their_place(text: str, column: int, length: int, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        compiled(text, header=TYPED)
    error = caught.value
    assert f"{error.message} {error.hint}".startswith(message)
    assert (error.column, error.length) == (column, length)
    assert error.text == text
    assert error.line == (3 if "\n" in text else 1)


def test_the_excerpt_shows_the_offending_word() -> None:
    with pytest.raises(QueryError) as caught:
        compiled("(PI > 3) && (PATERN <= 4)")
    assert caught.value.excerpt == "(PI > 3) && (PATERN <= 4)\n             ^^^^^^"


def test_a_mistake_in_an_attribute_is_told_at_the_attribute() -> None:
    with pytest.raises(QueryError) as caught:
        compiled("PI > 3 && #BROKEN", header={"BROKEN": "PI >> > 3"})
    assert (caught.value.column, caught.value.length) == (11, 7)
    assert caught.value.message.startswith("In the value of #BROKEN: Found >")


def test_an_attribute_can_not_name_a_file() -> None:
    with pytest.raises(QueryError, match=r"can't name a file"):
        compiled("#EVIL", header={"EVIL": "gti(/etc/secret.fits,TIME)"})


def test_attributes_can_not_grow_without_end() -> None:
    header = {f"A{number}": f"#A{number + 1} && #A{number + 1}" for number in range(40)} | {"A40": "true"}
    with pytest.raises(QueryError, match="more than 20,000 words"):
        compiled("#A0", header=header)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000 + "true" + ")" * 5000,
        "!" * 5000 + "true",
        "-" * 5000 + "1 > 0",
        "PI" + " + 1" * 5000 + " > 0",
        "2" + "**2" * 5000 + " > 0",
        "sqrt(" * 400 + "4" + ")" * 400 + " > 0",
        "(1|(2^(3&(4<<(5+(6*(7**(" * 30 + "1" + ")))))))" * 30 + " > 0",
        "PI in [" + "(" * 1000 + "1" + ")" * 1000 + "]",
        "1" * 5000 + " > 0",
        "0x" + "f" * 50 + " > 0",
        "1e999 > 0",
        "x" * 70_000,
        "true" + " == true" * 3000,
    ],
)
def test_absurd_expressions_are_refused_in_time(text: str) -> None:
    with pytest.raises(QueryError):
        compiled(text)


def test_long_flat_expressions_are_fine() -> None:
    assert compiled(" || ".join(f"PI == {number}" for number in range(3000))).evaluate(EVENTS).sum() == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("PI && true", "PI is a number, not a condition."),
        ("GOODEV + 1 > 3", "GOODEV is a condition, not a number."),
        ("NAME + 1 > 3", "NAME is a text, not a number."),
        ("RATE & 1 == 0", "& takes integers."),
        ("FLAG << PATTERN > 3", "<< takes a constant between 0 and 63 on its right."),
    ],
)
def test_types_are_told_when_the_rows_come(text: str, message: str) -> None:
    selection = compiled(text, header={})
    with pytest.raises(QueryError) as caught:
        selection.evaluate(EVENTS)
    assert caught.value.message == message


def test_vector_columns_are_refused() -> None:
    data = {"V": np.zeros((4, 2))}
    with pytest.raises(QueryError, match="vector column"):
        compiled("V > 3", data=data).evaluate(data)


def test_files_are_refused_where_there_are_none() -> None:
    with pytest.raises(QueryError, match="no files are at hand"):
        compile_selection("TIME in gti(a.fits)", header={}, columns=["TIME"])


@pytest.mark.parametrize(
    "text",
    [
        "ANYTHING > 3 && #XMMEA_EP",
        "(X,Y) in CIRCLE(#RX,#RY,600)",
        "PI in #RANGE",
        "PI in [#LOW:#HIGH] && FLAG == 0",
        "#LEFT #RIGHT",
        "TIME in gti(ivo://a/b?c:STDGTI)",
    ],
)
def test_syntax_is_checked_without_a_table(text: str) -> None:
    check_syntax(text)


@pytest.mark.parametrize("text", ["PI = 3 && #X", "PI > && #X", "(PI > 3", "PI in [5:2]", "#PI >", "$a > #X"])
def test_syntax_errors_are_found_without_a_table(text: str) -> None:
    with pytest.raises(QueryError):
        check_syntax(text)
