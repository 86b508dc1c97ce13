"""URLs of provenance."""

from __future__ import annotations

from django.urls import path

from provenance import views

urlpatterns = [
    path("jobs/<str:job_id>/provenance/", views.job_page, name="job-provenance"),
    path("provenance/jobs/<str:job_id>.json", views.job_json, name="provenance-json"),
    path("provenance/jobs/<str:job_id>.svg", views.job_svg, name="provenance-svg"),
    path("provenance/entities/", views.entity, name="provenance-entity"),
]
