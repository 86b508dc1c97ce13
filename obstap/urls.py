"""URLs of the archive front: TAP, cone search, SIA and the archive's files; a trailing slash is tolerated."""

from __future__ import annotations

from django.urls import include, path, re_path

from obstap import files
from obstap.datalink import views as datalink
from obstap.products import views as products
from obstap.scs import views as scs
from obstap.sia2 import views as sia2
from obstap.tap import pages, sync, vosi
from uws.urls import job_tree


def error_document(message: str) -> bytes:
    """The VOTable that tells the error of a TAP job."""
    from obstap.writers.votable import error_document as document  # noqa: PLC0415 - Arrow loads with the first one

    return document(message)


urlpatterns = [
    re_path(r"^tap/?$", pages.root, name="tap"),
    re_path(r"^tap/sync/?$", sync.sync, name="tap-sync"),
    path("tap/async", include(job_tree("tap", error_document=error_document))),
    re_path(r"^tap/capabilities/?$", vosi.capabilities, name="tap-capabilities"),
    re_path(r"^tap/availability/?$", vosi.availability, name="tap-availability"),
    re_path(r"^tap/tables/?$", vosi.tables, name="tap-tables"),
    re_path(r"^tap/tables/(?P<name>[^/]+)/?$", vosi.table, name="tap-table"),
    re_path(r"^tap/examples/?$", pages.examples, name="tap-examples"),
    re_path(r"^scs/?$", scs.cone, name="scs"),
    re_path(r"^scs/capabilities/?$", scs.capabilities),
    re_path(r"^scs/availability/?$", vosi.availability),
    re_path(r"^scs/(?P<name>[^/]+)/?$", scs.cone),
    re_path(r"^sia2/query/?$", sia2.query, name="sia2"),
    re_path(r"^sia2/capabilities/?$", sia2.capabilities),
    re_path(r"^sia2/availability/?$", vosi.availability),
    *datalink.urlpatterns,
    *files.urlpatterns,
    *products.urlpatterns,
]
