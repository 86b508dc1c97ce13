"""URLs of provenance."""

from __future__ import annotations

from django.urls import path

from provenance import views
from provenance.crate import views as crate
from provenance.pages import views as pages
from provenance.rerun import api as rerun

urlpatterns = [
    *rerun.urlpatterns,
    path("jobs/<str:job_id>/provenance/", pages.job, name="job-provenance"),
    path("provenance/activities/<str:identifier>/", pages.activity, name="provenance-activity"),
    path("provenance/entity/", pages.entity, name="provenance-entity-page"),
    path("provenance/jobs/<str:job_id>.<str:extension>", views.job_document, name="provenance-document"),
    path("provsap", views.provsap, name="provsap"),
    path("provenance/entities/", views.entity, name="provenance-entity"),
    *crate.urlpatterns,
]
