"""What XML can hold, and how it is written."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from vo.xmltext import attribute, content, is_writable


@given(st.characters())
def test_writable_is_what_the_parser_takes(character: str) -> None:
    text = character.translate({38: "&amp;", 60: "&lt;"})
    try:
        ElementTree.fromstring(f"<a>{text}</a>".encode(errors="surrogatepass"))
        taken = True
    except ElementTree.ParseError:
        taken = False
    assert is_writable(character) == taken


@given(st.text(st.characters(codec=None)))
def test_any_text_comes_back_but_for_what_xml_cannot_hold(text: str) -> None:
    element = ElementTree.fromstring(f'<a b="{attribute(text)}">{content(text)}</a>')
    expected = "".join(character if is_writable(character) else "\ufffd" for character in text)
    assert (element.text or "") == element.get("b") == expected
