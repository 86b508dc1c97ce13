"""Values of header keywords, looked up in several headers at once and never of a surprising type."""

from __future__ import annotations

import math
from datetime import datetime

from astropy.io import fits

from obstap.ingest.outcomes import Refused

__all__ = ["Words"]


class Words:
    """Keywords of one or more headers; the first header that has a keyword gives its value."""

    def __init__(self, *headers: fits.Header) -> None:
        self._headers = headers

    def _get(self, keyword: str) -> object:
        for header in self._headers:
            try:
                value = header.get(keyword)
            except fits.VerifyError as error:
                raise Refused(f"The card {keyword} cannot be read: {error}.") from error
            if value is not None and not isinstance(value, fits.card.Undefined):
                return value
        return None

    def text(self, *keywords: str) -> str:
        """The first of `keywords` that has a value, as stripped text; empty when none has."""
        for keyword in keywords:
            value = self._get(keyword)
            if value is not None and str(value).strip():
                return str(value).strip()
        return ""

    def number(self, *keywords: str) -> float | None:
        """The first of `keywords` that holds a finite number, also one written as text."""
        for keyword in keywords:
            value = self._get(keyword)
            if value is None or isinstance(value, bool):
                continue
            try:
                number = float(value)
            except (TypeError, ValueError):
                continue
            if math.isfinite(number):
                return number
        return None

    def largest(self, *stems: str) -> float | None:
        """The largest of the numbered keywords of the first stem that has any, such as ONTIME01, ONTIME02, ….

        Numbers are written with two digits (XMM-Newton) or one (Chandra).
        """
        for stem in stems:
            names = [f"{stem}{number:02d}" for number in range(13)] + [f"{stem}{number}" for number in range(10)]
            values = [value for name in names if (value := self.number(name)) is not None]
            if values:
                return max(values)
        return None

    def moment(self, *keywords: str) -> datetime | None:
        """The first of `keywords` that holds an ISO date, as a time in UTC without zone."""
        for keyword in keywords:
            try:
                moment = datetime.fromisoformat(self.text(keyword).removesuffix("Z"))
            except ValueError:
                continue
            return moment.replace(tzinfo=None)
        return None
