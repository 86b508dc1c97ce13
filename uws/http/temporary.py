"""Large files of requests while they come: on disk, under names of our own, for those that clients give may be none."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler

__all__ = ["TemporaryFiles", "temporary_file"]

NAME = "file"


class TemporaryFiles(TemporaryFileUploadHandler):
    """Writes the file of a form's part to disk; Django would give it the ending that the client's name has."""

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        """Begin with a file."""
        super().new_file(field_name, NAME, *args, **kwargs)
        self.file_name = self.file.name = file_name


def temporary_file(media_type: str) -> TemporaryUploadedFile:
    """A file to be written, which goes when it is closed."""
    return TemporaryUploadedFile(NAME, media_type, 0, None)
