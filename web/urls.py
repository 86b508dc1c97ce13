"""Addresses of the pages."""

from __future__ import annotations

from urllib.parse import quote

from django.contrib.auth import views as accounts
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import path, re_path, register_converter
from django.urls.converters import StringConverter

from web.views import exchange, home, jobdefs, jobs, observations, publish, rerun, search, tables


class AnyText(StringConverter):
    """Text of any characters: identifiers of observations are what archives have made them."""

    regex = r"[\s\S]+"


def with_slash(request: HttpRequest) -> HttpResponse:
    """Lead an address without its final slash to the page."""
    query = request.META.get("QUERY_STRING", "")
    return HttpResponsePermanentRedirect(f"{quote(request.path)}/{'?' if query else ''}{query}")


register_converter(AnyText, "any")

urlpatterns = [
    path("", home.home, name="home"),
    path("search/", search.search, name="search"),
    path("observations/", observations.dataset, name="dataset"),
    path("observations/<any:obs_id>/", observations.show, name="observation"),
    path("tables/", tables.index, name="tables"),
    path("tables/<str:name>/", tables.show, name="table"),
    path("jobdefs/", jobdefs.index, name="jobdefs"),
    path("jobdefs/<str:name>/", jobdefs.show, name="jobdef"),
    path("jobdefs/<str:name>/jdl", exchange.jdl, name="jobdef-jdl"),
    path("jobdefs/<str:name>/cwl", exchange.cwl, name="jobdef-cwl"),
    path("jobs/", jobs.index, name="jobs"),
    path("jobs/<str:job_id>/", jobs.show, name="job"),
    path("jobs/<str:job_id>/panel", jobs.panel, name="job-panel"),
    path("jobs/<str:job_id>/log", jobs.log, name="job-log"),
    path("jobs/<str:job_id>/run", jobs.run, name="job-run"),
    path("jobs/<str:job_id>/retry", jobs.retry, name="job-retry"),
    path("jobs/<str:job_id>/rerun", rerun.rerun, name="job-rerun"),
    path("jobs/<str:job_id>/abort", jobs.abort, name="job-abort"),
    path("jobs/<str:job_id>/delete", jobs.delete, name="job-delete"),
    path("jobs/<str:job_id>/keep", jobs.keep, name="job-keep"),
    path("jobs/<str:job_id>/publish/", publish.show, name="job-publish"),
    path("jobs/<str:job_id>/withdraw", publish.withdraw, name="job-withdraw"),
    re_path(r"^(?:search|observations|tables|jobs|jobdefs)(?:(?<!search)/[^/]+)?$", with_slash),
    path("accounts/login/", accounts.LoginView.as_view(), name="login"),
    path("accounts/logout/", accounts.LogoutView.as_view(), name="logout"),
]
