"""The search form."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.http import QueryDict

from web.coordinates import mjd_from_text, parse_dec, parse_ra, split_pair
from web.queries import DEFAULT_COLUMNS, Cone, Criteria

__all__ = ["SearchForm"]

UNITS = {"arcmin": 1 / 60, "arcsec": 1 / 3600, "deg": 1.0}
"""Unit of the radius → degrees."""

MAX_RADIUS = 180.0

DEFAULTS = {"radius": "15", "unit": "arcmin", "region": "centre"}


class ReadField(forms.CharField):
    """A text field whose value is read by a function that raises ValueError with a sentence."""

    def __init__(self, read: Callable[[str], float], **options: Any) -> None:
        super().__init__(required=False, **options)
        self.read = read

    def clean(self, value: Any) -> float | None:
        """The value read, or None for an empty field."""
        text = super().clean(value)
        if not text:
            return None
        try:
            return self.read(text)
        except ValueError as error:
            raise forms.ValidationError(_sentence(str(error))) from error


class Boxes(forms.CheckboxSelectMultiple):
    """Check boxes in Bootstrap's form."""

    def __init__(self) -> None:
        super().__init__(attrs={"class": "form-check-input"})


class SearchForm(forms.Form):
    """Criteria for a search in ivoa.obscore; everything is optional.

    Parameters
    ----------
    instruments, collections, product_types
        What the archive holds: (value, number of data sets).
    columns
        (name, description) of the columns that may be shown.
    """

    target = forms.CharField(
        required=False,
        max_length=200,
        label="Target name",
        help_text="A part of the name in the archive; * stands for any text. Names are not resolved elsewhere.",
    )
    ra = ReadField(
        parse_ra,
        label="Right ascension",
        help_text="ICRS: degrees (83.633) or hours (05:34:31.9).",
    )
    dec = ReadField(
        parse_dec,
        label="Declination",
        help_text="ICRS: degrees (22.014) or +22:00:52.",
    )
    radius = forms.FloatField(required=False, label="Radius", widget=forms.TextInput(attrs={"inputmode": "decimal"}))
    unit = forms.ChoiceField(required=False, label="Unit", choices=[(unit, unit) for unit in UNITS])
    region = forms.ChoiceField(
        required=False,
        label="Position matches",
        choices=[("centre", "the pointing lies in the circle"), ("footprint", "the field of view touches the circle")],
    )
    instrument = forms.MultipleChoiceField(required=False, label="Instrument", widget=Boxes)
    collection = forms.MultipleChoiceField(required=False, label="Collection", widget=Boxes)
    type = forms.MultipleChoiceField(required=False, label="Kind of data", widget=Boxes)
    time_from = ReadField(mjd_from_text, label="Observed from", help_text="2001-06-13, with time if wanted, or an MJD.")
    time_to = ReadField(
        lambda text: mjd_from_text(text, end_of_day=True), label="Observed until", help_text="A date counts to its end."
    )
    energy_from = forms.FloatField(
        required=False, label="Energy from (keV)", widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )
    energy_to = forms.FloatField(
        required=False, label="Energy to (keV)", widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )
    cols = forms.MultipleChoiceField(required=False, label="Columns", widget=Boxes)

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        instruments: Iterable[tuple[str, int]],
        collections: Iterable[tuple[str, int]],
        product_types: Iterable[tuple[str, int]],
        columns: Iterable[tuple[str, str]],
    ) -> None:
        super().__init__(_completed(data), initial={**DEFAULTS, "cols": list(DEFAULT_COLUMNS)})
        for name, counted in (("instrument", instruments), ("collection", collections), ("type", product_types)):
            self.fields[name].choices = [(value, f"{value} ({count:,})") for value, count in counted]
        self.fields["cols"].choices = [(name, name) for name in _in_order(name for name, _ in columns)]
        for name in ("radius", "energy_from", "energy_to"):
            self.fields[name].error_messages["invalid"] = "This is not a number."

    def clean(self) -> dict[str, Any]:
        """Check what only two fields together tell."""
        cleaned = super().clean()
        has_position = {name for name in ("ra", "dec") if cleaned.get(name) is not None}
        for name in {"ra", "dec"} - has_position if has_position else ():
            if name not in self.errors:
                self.add_error(name, "A position needs both right ascension and declination.")
        radius = cleaned.get("radius")
        if radius is not None and not 0 < radius * UNITS[cleaned.get("unit", "arcmin")] <= MAX_RADIUS:
            self.add_error("radius", "The radius must be more than 0 and at most 180 degrees.")
        for name in ("energy_from", "energy_to"):
            energy = cleaned.get(name)
            if energy is not None and not energy > 0:
                self.add_error(name, "An energy is more than 0 keV.")
        for first, last in (("time_from", "time_to"), ("energy_from", "energy_to")):
            if None not in (low := cleaned.get(first), high := cleaned.get(last)) and low > high:
                self.add_error(last, "This is less than where the range begins.")
        return cleaned

    def criteria(self) -> Criteria:
        """What a valid form asks for."""
        given = self.cleaned_data
        cone = None
        if given["ra"] is not None:
            cone = Cone(
                ra=given["ra"],
                dec=given["dec"],
                radius=given["radius"] * UNITS[given["unit"]],
                footprint=given["region"] == "footprint",
            )
        return Criteria(
            target=given["target"],
            cone=cone,
            instruments=tuple(given["instrument"]),
            collections=tuple(given["collection"]),
            product_types=tuple(given["type"]),
            time=(given["time_from"], given["time_to"]),
            energy=(given["energy_from"], given["energy_to"]),
            columns=tuple(given["cols"]),
        )


def _completed(data: QueryDict | None) -> QueryDict | None:
    """`data` with what short addresses leave out, and a position pasted whole into one field taken apart."""
    if data is None:
        return None
    data = data.copy()
    for name, value in DEFAULTS.items():
        if not data.get(name):
            data[name] = value
    if not data.getlist("cols"):
        data.setlist("cols", DEFAULT_COLUMNS)
    if not data.get("dec", "").strip() and (pair := split_pair(data.get("ra", ""))):
        data["ra"], data["dec"] = pair
    return data


def _in_order(names: Iterable[str]) -> list[str]:
    """The default columns first and in their order, which is then that of the answer too."""
    known = list(names)
    return [name for name in DEFAULT_COLUMNS if name in known] + [name for name in known if name not in DEFAULT_COLUMNS]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
