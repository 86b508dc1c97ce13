"""The form by which results of a job are published."""

from __future__ import annotations

from typing import Any

from django import forms

from obstap.products.dates import parse_release_date
from vo.errors import ParameterError

__all__ = ["PublishForm"]


class PublishForm(forms.Form):
    """What is published, under which name, and when the files become public.

    Parameters
    ----------
    results
        Names of the results that can be published.
    """

    result = forms.MultipleChoiceField(label="Results", widget=forms.CheckboxSelectMultiple)
    collection = forms.CharField(
        label="Collection",
        max_length=64,
        help_text="Name under which searches find them (obs_collection): letters, digits, dot, dash, underscore.",
    )
    release_date = forms.CharField(
        label="Release date",
        required=False,
        max_length=40,
        help_text="Until then (UTC, as 2027-01-31) the files are for the job's owner alone. Empty: public at once.",
    )

    FIELDS = {"RESULT": "result", "COLLECTION": "collection", "RELEASE_DATE": "release_date"}

    def __init__(self, data: Any = None, *, results: list[str]) -> None:
        super().__init__(data, initial={"result": results})
        self.fields["result"].choices = [(name, name) for name in results]

    def clean_release_date(self) -> Any:
        """The date as a time."""
        try:
            return parse_release_date(self.cleaned_data["release_date"])
        except ParameterError as error:
            raise forms.ValidationError(error.message) from error

    def place(self, error: Exception) -> None:
        """Show what the service refused at the field that it names, else above all."""
        name = self.FIELDS.get(getattr(error, "parameter", ""))
        self.add_error(name, getattr(error, "message", str(error)))
