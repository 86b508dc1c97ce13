"""What expat tells of a VOTable outside of its rows (VOTable 1.5 §3, §4)."""

from __future__ import annotations

import binascii
import re
from xml.parsers import expat

from vo.errors import NotFoundError, UsageError
from vo.votable.binary import Binary
from vo.votable.decoder import Decoder
from vo.votable.fitsrows import FitsRows
from vo.votable.model import Field, Head, Limits, wrong
from vo.votable.tabledata import TableData

__all__ = ["Outline"]

_DEPTH = 64
_TEXT = 10_000
"""Characters of a description that are kept."""

_INFOS = 200
"""INFO elements that are kept."""

_WHITE = b" \t\r\n"
_YEAR = re.compile(r"[BJ]?\d+(\.\d+)?")


class Outline:
    """Follows the elements, gathers the fields and hands the rows to their decoder.

    Parameters
    ----------
    wanted
        Name, ID or number of the table whose rows are read; empty for the first with rows.
    """

    def __init__(self, parser: expat.XMLParserType, limits: Limits, *, wanted: str = "") -> None:
        self._parser = parser
        self._limits = limits
        self._path: list[str] = []
        self._wanted = wanted
        self._tables = 0
        self._taken = False
        self._systems: dict[str, str] = {}
        self._name = self._description = self._utype = ""
        self._fields: list[dict[str, str]] = []
        self._infos: list[tuple[int, str, str]] = []
        self._rows: int | None = None
        self._first: Head | None = None
        self._stream: _Base64 | None = None
        self.decoder: Decoder | None = None
        self.ended = False
        parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refuse_declaration
        self._follow()

    def head(self) -> Head:
        """What is told of the table that is read.

        Raises
        ------
        vo.errors.UsageError
            When the document has no table.
        vo.errors.NotFoundError
            When it does not have the one that is wanted.
        """
        if self._first is not None:
            return self._first
        if self._wanted:
            raise NotFoundError(f"the document has no TABLE {self._wanted!r} with FIELDs.")
        raise UsageError("the document has no TABLE with FIELDs.")

    def _follow(self) -> None:
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if not self._path and local != "VOTABLE":
            raise UsageError(f"it is no VOTable: its root element is {local[:40]!r}, not VOTABLE.")
        if len(self._path) >= _DEPTH:
            raise UsageError(f"line {self._parser.CurrentLineNumber}: elements are nested deeper than {_DEPTH} levels.")
        self._path.append(local)
        begin = _STARTS.get(local)
        if begin is not None and self.decoder is None:
            begin(self, attributes)
        elif local == "STREAM" and self._stream is None:
            self._start_stream(attributes)
        if local == "TABLEDATA" and isinstance(self.decoder, TableData):
            prefix = name.removesuffix(local)
            handlers = self.decoder.handlers(prefix, self._leave_rows)
            self._parser.StartElementHandler = handlers.start
            self._parser.EndElementHandler = handlers.end
            self._parser.CharacterDataHandler = handlers.text

    def _end(self, name: str) -> None:  # noqa: ARG002 - expat checks that it is the element that began
        local = self._path.pop()
        if local in ("RESOURCE", "TABLE") and self._first is None and not (local == "TABLE" and self._taken):
            self._leave_infos()
        if local == "STREAM" and self._stream is not None:
            self._stream.end()
        elif local in ("BINARY", "BINARY2", "FITS") and self.decoder is not None:
            self._finish()
        elif local == "TABLE" and self._first is None and self._taken:
            self._end_table()

    def _text(self, data: str) -> None:
        path = self._path
        if not path:
            return
        if path[-1] == "STREAM" and self._stream is not None:
            self._stream.feed(data)
        elif path[-1] == "DESCRIPTION" and self.decoder is None and len(path) > 1:
            if path[-2] == "FIELD" and self._fields:
                field = self._fields[-1]
                field["description"] = (field.get("description", "") + data)[:_TEXT]
            elif path[-2] == "TABLE":
                self._description = (self._description + data)[:_TEXT]

    # elements

    def _start_system(self, attributes: dict[str, str]) -> None:
        self._systems[attributes.get("ID", "")] = _frame(attributes.get("system", ""), attributes.get("equinox", ""))

    def _start_info(self, attributes: dict[str, str]) -> None:
        depth = len(self._path)
        if depth > 1 and self._path[-2] in ("VOTABLE", "RESOURCE", "TABLE") and len(self._infos) < _INFOS:
            self._infos.append((depth, attributes.get("name", "")[:_TEXT], attributes.get("value", "")[:_TEXT]))

    def _leave_infos(self) -> None:
        """What was told of an element is forgotten where it ends."""
        self._infos = [item for item in self._infos if item[0] <= len(self._path) + 1]

    def _start_table(self, attributes: dict[str, str]) -> None:
        if "TABLE" in self._path[:-1]:
            raise UsageError("a TABLE stands within a TABLE.")
        known = (attributes.get("name"), attributes.get("ID"), str(self._tables))
        self._tables += 1
        self._taken = not self._wanted or self._wanted in known
        if "ref" in attributes and self._taken:
            raise UsageError("its TABLE takes its columns from another by ref; write them as FIELDs of its own.")
        self._fields.clear()
        self._name, self._description, self._utype = attributes.get("name", ""), "", attributes.get("utype", "")
        nrows = attributes.get("nrows", "").strip()
        self._rows = int(nrows) if nrows.isascii() and nrows.isdecimal() and len(nrows) < 20 else None

    def _start_field(self, attributes: dict[str, str]) -> None:
        if len(self._path) < 2 or self._path[-2] != "TABLE":
            return
        if len(self._fields) >= self._limits.fields:
            raise UsageError(f"the table has more than the {self._limits.fields:,} columns that are allowed.")
        self._fields.append(dict(attributes))

    def _start_values(self, attributes: dict[str, str]) -> None:
        if len(self._path) > 1 and self._path[-2] == "FIELD" and self._fields and "null" in attributes:
            self._fields[-1].setdefault("null", attributes["null"])

    def _start_data(self, attributes: dict[str, str]) -> None:  # noqa: ARG002 - called like the others
        if len(self._path) < 2 or self._path[-2] != "TABLE":
            raise UsageError("its DATA does not stand in a TABLE.")
        if self._taken and not self._fields:
            raise UsageError("the table has rows but no FIELDs.")

    def _start_rows(self, attributes: dict[str, str]) -> None:
        if not self._taken:
            return
        kind = self._path[-1]
        if len(self._path) < 2 or self._path[-2] != "DATA":
            raise UsageError(f"its {kind} does not stand in DATA.")
        self._first = self._made_head()
        fields = self._first.fields
        if kind == "TABLEDATA":
            self.decoder = TableData(fields, self._limits)
        elif kind == "FITS":
            number = attributes.get("extnum", "1").strip()
            extension = int(number) if number.isascii() and number.isdecimal() and len(number) < 5 else 1
            self.decoder = FitsRows(fields, self._limits, extension=extension)
        else:
            self.decoder = Binary(fields, self._limits, masked=kind == "BINARY2")

    def _start_stream(self, attributes: dict[str, str]) -> None:
        if not isinstance(self.decoder, Binary | FitsRows):
            return
        if attributes.get("href"):
            raise UsageError(
                f"its rows are elsewhere, at {attributes['href'][:80]!r}; references are not followed.",
                hint="Send a document that holds its rows.",
            )
        encoding = attributes.get("encoding", "").strip()
        if encoding != "base64":
            raise UsageError(f"its STREAM has the encoding {encoding[:20] or 'none'!r}; only base64 is read.")
        self._stream = _Base64(self.decoder)

    # ends

    def _leave_rows(self) -> None:
        self._path.pop()
        self._finish()

    def _finish(self) -> None:
        """The rows have ended: what follows is only checked to be XML."""
        if isinstance(self.decoder, Binary | FitsRows) and self._stream is None:
            raise UsageError("it has no STREAM with rows.")
        self.decoder.end()
        if self._rows is not None and self._rows != self.decoder.rows:
            raise wrong(f"the table says that it has {self._rows:,} rows (nrows), and {self.decoder.rows:,} came.")
        self._parser.StartElementHandler = self._parser.EndElementHandler = self._parser.CharacterDataHandler = None

    def _end_table(self) -> None:
        if self._fields:
            self._first = self._made_head()

    def _made_head(self) -> Head:
        fields = (
            _field(attributes, number, self._systems.get(attributes.get("ref", ""), ""))
            for number, attributes in enumerate(self._fields, 1)
        )
        infos = tuple((name, value) for _, name, value in self._infos)
        return Head(self._name, " ".join(self._description.split()), self._utype.strip(), tuple(fields), infos)


_STARTS = {
    "COOSYS": Outline._start_system,
    "INFO": Outline._start_info,
    "TABLE": Outline._start_table,
    "FIELD": Outline._start_field,
    "VALUES": Outline._start_values,
    "DATA": Outline._start_data,
    "TABLEDATA": Outline._start_rows,
    "BINARY": Outline._start_rows,
    "BINARY2": Outline._start_rows,
    "FITS": Outline._start_rows,
}


class _Base64:
    """Decodes the text of a STREAM."""

    def __init__(self, decoder: Binary | FitsRows) -> None:
        self._decoder = decoder
        self._carry = b""
        self._padded = False

    def feed(self, text: str) -> None:
        try:
            data = self._carry + text.encode("ascii").translate(None, _WHITE)
        except UnicodeEncodeError as error:
            raise UsageError("its STREAM has characters that are not base64.") from error
        whole = len(data) - len(data) % 4
        self._carry = data[whole:]
        if not whole:
            return
        if self._padded:
            raise UsageError("its STREAM goes on after the end of its base64.")
        try:
            decoded = binascii.a2b_base64(data[:whole], strict_mode=True)
        except binascii.Error as error:
            raise UsageError(f"its STREAM is no base64 ({error}).") from error
        self._padded = data[whole - 1 : whole] == b"="
        self._decoder.feed(decoded)

    def end(self) -> None:
        if self._carry:
            raise UsageError("its STREAM ends in the middle of its base64.")


def _refuse_declaration(*_: object) -> None:
    raise UsageError(
        "it has a document type declaration (DOCTYPE), which is not read.", hint="Remove it; VOTable needs none."
    )


def _frame(system: str, equinox: str) -> str:
    """The frame that a COOSYS names, such as ``ICRS`` or ``FK5 J2000``; the older eq_FK5 are named FK5."""
    name = system.removeprefix("eq_").upper()
    return f"{name} {equinox}" if name != "ICRS" and _YEAR.fullmatch(equinox) else name


def _field(attributes: dict[str, str], number: int, frame: str) -> Field:
    name = attributes.get("name", "").strip() or attributes.get("ID", "").strip() or f"col_{number}"
    field = Field(
        name=name,
        datatype=attributes.get("datatype", "").strip(),
        arraysize=attributes.get("arraysize", "").strip(),
        xtype=attributes.get("xtype", "").strip(),
        unit=attributes.get("unit", "").strip(),
        ucd=attributes.get("ucd", "").strip(),
        utype=attributes.get("utype", "").strip(),
        description=" ".join(attributes.get("description", "").split()),
        null=attributes.get("null", "").strip(),
        frame=frame,
    )
    field.layout  # noqa: B018 - a field of a wrong type is refused before its rows come
    return field
