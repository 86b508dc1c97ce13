"""Reading a table's data subspace, and writing one with the tables that it names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..fitscards import Card, Header
from ..fitsio import FitsFile, Hdu, Table
from ..fitsout import Field, Writer, table_block
from ..goodtimes import good_time_cards, good_time_fields, has_good_times, read_good_times
from ..selectlib import Block, RegionRow
from .subspace import ANYTHING, Dimension, Entry, GoodTimes, Subspace

__all__ = [
    "WrittenSubspace",
    "base_subspace",
    "named_blocks",
    "read_subspace",
    "subspace_expression",
    "write_subspace",
]

_VALUE_KEY = re.compile(r"(\d*)DS(?:VAL|REF)(\d+)")
_BITS = re.compile(r"b[01x]+")
_NUMBERED_TIMES = re.compile(r"STDGTI\d+|GTI\d{5}|")
_TIME_KEYS = ("TIMEUNIT", "TIMESYS", "MJDREF", "MJDREFI", "MJDREFF", "TIMEREF", "TASSIGN", "TIMEZERO", "CLOCKAPP")
_COORDINATES = re.compile(
    r"(?:CTYPE|CRPIX|CRVAL|CDELT|CUNIT|CROTA)\dL?|(?:CD|PC|LTM)\d_\d|LTV\d|PV\d_\d+|LONPOLE|LATPOLE|EQUINOX"
    r"|RADE?C?SYS|WCSNAMEL|WCSAXESL?"
)
_STRUCTURE = re.compile(
    r"XTENSION|BITPIX|NAXIS\d*|PCOUNT|GCOUNT|TFIELDS|T(?:TYPE|FORM|UNIT|NULL|SCAL|ZERO|DISP|LMIN|LMAX)\d+|THEAP|EXTNAME"
    r"|CHECKSUM|DATASUM"
)


@dataclass(frozen=True, slots=True)
class WrittenSubspace:
    """A data subspace as it stands in a file.

    Parameters
    ----------
    cards
        DSTYPi and so on.
    blocks
        Header and data of the tables and images that DSREFi name.
    """

    cards: Sequence[Card] = ()
    blocks: Sequence[tuple[Header, bytes]] = ()

    def write_blocks(self, writer: Writer) -> None:
        """Write the blocks."""
        for header, data in self.blocks:
            writer.write(Header(header), data)


def base_subspace(table: Table, time_column: str, warn: Callable[[str, str], None]) -> Subspace:
    """The subspace of a table as it stands: its DSS keywords, else its tables of good times.

    Without DSS keywords, tables STDGTInn give a component for each CCD, and any other table of good times one for all.
    """
    subspace = read_subspace(table.file, table.header, warn)
    if subspace.find(time_column) is not None:
        return subspace
    columns = table.columns
    numbered = {
        int(found[1]): hdu
        for hdu in table.file.hdus
        for name in hdu.names
        if (found := re.fullmatch(r"STDGTI(\d+)", name))
    }
    if numbered and "CCDNR" in columns and subspace.find("CCDNR") is None:
        dimensions = (*subspace.dimensions, Dimension("CCDNR"), Dimension(time_column.upper(), "s"))
        extra = [(Entry(str(ccd)), _times(table.file, hdu)) for ccd, hdu in sorted(numbered.items())]
        return Subspace(dimensions, tuple((*old, *new) for old in subspace.components for new in extra))
    general = next((hdu for hdu in table.file.hdus if hdu.kind == "BINTABLE" and has_good_times(hdu)), None)
    if general is None:
        return subspace
    dimensions = (*subspace.dimensions, Dimension(time_column.upper(), "s"))
    entry = _times(table.file, general)
    return Subspace(dimensions, tuple((*old, entry) for old in subspace.components))


def read_subspace(file: FitsFile, header: Header, warn: Callable[[str, str], None]) -> Subspace:
    """The subspace that a header's DSS keywords write."""
    numbers = sorted(int(card.keyword[5:]) for card in header if re.fullmatch(r"DSTYP\d+", card.keyword))
    if not numbers:
        return Subspace()
    dimensions = tuple(
        Dimension(
            header.text(f"DSTYP{number}"),
            header.text(f"DSUNI{number}") or header.text(f"DSUNIT{number}"),
            "X" if header.text(f"DSFORM{number}") == "X" else "",
        )
        for number in numbers
    )
    found = [match for card in header if (match := _VALUE_KEY.fullmatch(card.keyword))]
    count = max((int(match[1] or 1) for match in found), default=1)
    components = []
    for component in range(1, count + 1):
        prefix = "" if component == 1 else str(component)
        components.append(tuple(_read_entry(file, header, prefix, number, warn) for number in numbers))
    return Subspace(dimensions, tuple(components))


def _read_entry(file: FitsFile, header: Header, prefix: str, number: int, warn: Callable[[str, str], None]) -> Entry:
    own = header.text(f"{prefix}DSVAL{number}")
    value = own or header.text(f"DSVAL{number}") or ":"
    reference = header.text(f"{prefix}DSREF{number}") or ("" if own else header.text(f"DSREF{number}"))
    if value.upper() not in {"TABLE", "IMAGE"}:
        return Entry(value)
    name = reference.rpartition(":")[2].upper()
    hdu = next((hdu for hdu in file.hdus if name and name in hdu.names), None)
    if hdu is None:
        warn(
            "ExpBadDss",
            f"{prefix}DSREF{number} names block '{reference}', which is not in {file.name}; it is left out.",
        )
        return ANYTHING
    return _times(file, hdu) if has_good_times(hdu) else Entry(value, hdu)


def _times(file: FitsFile, hdu: Hdu) -> Entry:
    return Entry("TABLE", GoodTimes(read_good_times(file, hdu), hdu))


def named_blocks(subspace: Subspace) -> set[int]:
    """Numbers of the input's blocks that a subspace names."""
    tables = [entry.table for component in subspace.components for entry in component]
    named = [table.source if isinstance(table, GoodTimes) else table for table in tables]
    return {hdu.index for hdu in named if isinstance(hdu, Hdu)}


def subspace_expression(subspace: Subspace, columns: Iterable[str], warn: Callable[[str, str], None]) -> str:
    """The selection expression that holds for the rows of a subspace (filtertype=dataSubspace).

    Blocks are named as those of the table's own data set (``gti(:STDGTI01,TIME)``); dimensions that are no columns of
    the table are left out, with a warning.
    """
    known = {name.upper() for name in columns}
    alternatives = []
    for component in subspace.components:
        terms = []
        for dimension, entry in zip(subspace.dimensions, component, strict=True):
            axes = _pair(dimension.name)
            if not {axis.strip().upper() for axis in axes.split(",")} <= known:
                warn("ExpBadDss", f"the data subspace limits {dimension.name}, which the table does not have.")
            elif entry != ANYTHING:
                terms.append(_term(axes, entry))
        alternatives.append(" && ".join(terms) or "true")
    distinct = list(dict.fromkeys(alternatives))
    return distinct[0] if len(distinct) == 1 else " || ".join(f"( {term} )" for term in distinct)


def _pair(dimension: str) -> str:
    """The columns of a dimension: ``X,Y`` of ``POS(X,Y)``, or its name."""
    names = re.search(r"\(([^()]*)\)", dimension)
    return names[1] if names else dimension


def _block_name(hdu: Hdu) -> str:
    return hdu.header.text("HDUNAME") or hdu.name


def _term(axes: str, entry: Entry) -> str:
    if isinstance(entry.table, GoodTimes) and entry.table.source is not None:
        return f"gti(:{_block_name(entry.table.source)},{axes})"
    if isinstance(entry.table, Hdu):
        image = entry.value.upper() == "IMAGE"
        return f"{'mask' if image else 'region'}(:{_block_name(entry.table)},{'0,0,' if image else ''}{axes})"
    if _BITS.fullmatch(entry.value):
        bits = entry.value[1:]
        mask = int(bits.replace("0", "1").replace("x", "0"), 2)
        return f"({axes} & {mask:#x}) == {int(bits.replace('x', '0'), 2):#x}"
    ranges = [f"[{item}]" if ":" not in item else item for item in entry.value.split(",")]
    return f"{axes} in {','.join(ranges)}"


def write_subspace(subspace: Subspace, table: Table, warn: Callable[[str, str], None]) -> WrittenSubspace:
    """The keywords of a subspace and the blocks that they name.

    Good times that did not change keep their block and its name; new ones go to tables ``GTI<component><counter>``
    (component from 0 in three digits), where the input's table has a numbered name, else to one of the same name.
    """
    if len(subspace.dimensions) > 9 and len(subspace.components) > 9:
        warn("ExpBadDss", "the data subspace has more than 9 dimensions and 9 components; no keyword can hold it.")
        return WrittenSubspace()
    blocks = _Blocks(table)
    cards = []
    for number, dimension in enumerate(subspace.dimensions, start=1):
        cards.append(Card(f"DSTYP{number}", dimension.name, "data subspace descriptor: name"))
        if dimension.unit:
            cards.append(Card(f"DSUNI{number}", dimension.unit, "data subspace descriptor: units"))
    for index, component in enumerate(subspace.components):
        prefix = "" if index == 0 else str(index + 1)
        for number, entry in enumerate(component, start=1):
            form = subspace.dimensions[number - 1].form if index == 0 else ""
            before = None if index == 0 else subspace.components[0][number - 1]
            keyword = f"{prefix}DS{{}}{number}"
            reference = blocks.name(entry, index, _pair(subspace.dimensions[number - 1].name))
            cards += _entry_cards(keyword, entry, before, form, reference)
    return WrittenSubspace(cards, blocks.written)


def _entry_cards(keyword: str, entry: Entry, before: Entry | None, form: str, reference: str) -> Iterable[Card]:
    if form:
        yield Card(keyword.format("FORM"), form, "data subspace descriptor: data type")
    if before is None or before.value != entry.value:
        yield Card(keyword.format("VAL"), entry.value, "data subspace descriptor: value")
    if reference and (before is None or before.table is not entry.table):
        yield Card(keyword.format("REF"), f":{reference}", "data subspace descriptor: reference")


class _Blocks:
    """The blocks that a subspace names, each written once."""

    def __init__(self, table: Table) -> None:
        self.written: list[tuple[Header, bytes]] = []
        self._table = table
        self._names: dict[int, str] = {}
        names = {name for hdu in table.file.hdus for name in hdu.names}
        counters = [int(name[-2:]) for name in names if re.fullmatch(r"(?:GTI|REG|BLK)\d{5}", name)]
        self._counter = max(counters, default=1) + 1

    def name(self, entry: Entry, component: int, pair: str) -> str:
        """The name of the entry's block, which is made when it is first asked for; empty when it has none.

        Parameters
        ----------
        pair
            The columns that a region is about: ``X,Y``.
        """
        if entry.table is None:
            return ""
        key = id(entry.table)
        if key not in self._names:
            self._names[key] = self._make(entry.table, component, pair)
        return self._names[key]

    def _make(self, content: GoodTimes | Hdu | Block | tuple[RegionRow, ...], component: int, pair: str) -> str:
        number = f"{component:03d}{self._counter % 100:02d}"
        if isinstance(content, GoodTimes):
            return self._make_times(content, f"GTI{number}")
        if isinstance(content, Hdu):
            return self._copy(content)
        if isinstance(content, Block) and content.image is not None:
            self.written.append(_image_block(f"BLK{number}", content.image, content.header))
            return f"BLK{number}"
        fields = _region_fields(content) if isinstance(content, tuple) else _block_fields(content)
        cards = [
            Card("HDUVERS", "1.0.0"), Card("HDUCLASS", "ASC"), Card("HDUCLAS1", "REGION"), Card("HDUCLAS2", "STANDARD"),
            Card("MTYPE1", "pos"), Card("MFORM1", pair),
        ]  # fmt: skip
        self.written.append(table_block(f"REG{number}", fields, cards))
        return f"REG{number}"

    def _copy(self, hdu: Hdu) -> str:
        self.written.append((hdu.header, bytes(self._table.file.read(hdu.offset, hdu.size))))
        return _block_name(hdu)

    def _make_times(self, times: GoodTimes, new_name: str) -> str:
        if times.source is not None and not times.changed:
            return self._copy(times.source)
        old = times.source.header if times.source is not None else Header()
        name, reference = new_name, new_name
        if not _NUMBERED_TIMES.fullmatch(old.text("EXTNAME")):
            name = old.text("EXTNAME")
            reference = old.text("HDUNAME") or name
        header, data = table_block(name, good_time_fields(times.intervals))
        header.extend(card for card in old if not _STRUCTURE.fullmatch(card.keyword))
        for keyword, value, comment in good_time_cards(times.intervals):
            header.set(keyword, value, comment)
        for keyword in _TIME_KEYS:
            card = self._table.header.card(keyword)
            if card is not None and keyword not in header:
                header.add(card)
        self.written.append((header, data))
        return reference


def _region_fields(rows: tuple[RegionRow, ...]) -> list[Field]:
    def vector(values: list[tuple[float, ...]]) -> np.ndarray:
        width = max(len(item) for item in values)
        filled = np.array([[*item, *[0.0] * (width - len(item))] for item in values], dtype=np.float32)
        return filled[:, 0] if width == 1 else filled

    fields = [
        Field("SHAPE", np.array([row.shape for row in rows], dtype="S16")),
        Field("X", vector([row.x for row in rows])),
        Field("Y", vector([row.y for row in rows])),
    ]
    if any(row.r for row in rows):
        fields.append(Field("R", vector([row.r or (0.0,) for row in rows])))
    if any(row.rotang for row in rows):
        fields.append(Field("ROTANG", vector([row.rotang or (0.0,) for row in rows])))
    return [*fields, Field("COMPONENT", np.array([row.component for row in rows], dtype=np.uint8))]


def _block_fields(block: Block) -> list[Field]:
    return [
        Field(name, np.char.encode(values, "ascii") if values.dtype.kind == "U" else values)
        for name, values in block.columns.items()
    ]


def _image_block(name: str, image: np.ndarray, old: Mapping[str, object]) -> tuple[Header, bytes]:
    """An image extension with the coordinates of the image that it is a copy of."""
    pixels = np.ascontiguousarray(image, dtype=image.dtype.newbyteorder(">"))
    bits = 8 * pixels.dtype.itemsize
    header = Header([("XTENSION", "IMAGE", "image extension"), ("BITPIX", -bits if pixels.dtype.kind == "f" else bits)])
    header.append("NAXIS", 2, "number of data axes")
    header.append("NAXIS1", pixels.shape[1], "length of data axis 1")
    header.append("NAXIS2", pixels.shape[0], "length of data axis 2")
    header.append("PCOUNT", 0)
    header.append("GCOUNT", 1)
    header.append("EXTNAME", name, "The name of this image")
    for keyword, value in old.items():
        if _COORDINATES.fullmatch(keyword) and isinstance(value, str | int | float):
            header.append(keyword, value)
    return header, pixels.tobytes()
