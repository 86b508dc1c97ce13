"""What a service says that lacks something of SAS, before a job is queued."""

from __future__ import annotations

import shutil

import pytest

from jobdefs import registry
from tests.sasroot import make_sas
from tests.uws.sassite import finished, make_job
from uws.engine.command import check_runnable
from uws.models import Job
from vo.errors import UsageError


def lacks_sas(site, settings):
    settings.SAS_DIR = ""


def lacks_root(site, settings):
    settings.SAS_DIR = "/nowhere/sas"


def lacks_programs(site, settings):
    for task in ("evselect", "rmfgen", "emchain"):
        site.remove(task)


def cannot_execute(site, settings):
    (site.root / "bin" / "rmfgen").chmod(0o644)


def lacks_ccfpath(site, settings):
    settings.SAS_CCFPATH = ""


def lacks_ccf(site, settings):
    settings.SAS_CCFPATH = f"{site.ccf}:/nowhere/ccf"


def lacks_headas(site, settings):
    settings.HEADAS = ""


def lacks_lcurve(site, settings):
    (site.heasoft / "bin" / "lcurve").unlink()


def lacks_container(site, settings):
    settings.ATHANOR_SAS_COMMAND = ("/nowhere/apptainer", "exec", "sas.sif")


def has_container(site, settings):
    settings.ATHANOR_SAS_COMMAND = ("/bin/true",)
    settings.SAS_DIR, settings.SAS_CCFPATH = "/within/sas", "/within/ccf"


def demands_walls(site, settings):
    has_container(site, settings)
    settings.ATHANOR_SANDBOX = "require"


def has_batch_system(site, settings):
    settings.ATHANOR_EXECUTOR = "slurm"
    shutil.rmtree(site.root)


def has_all(site, settings):
    settings.ATHANOR_XMM_ARCHIVE = "yes"


NO_SAS = (
    "{name} needs XMM-Newton SAS, which this service does not have."
    " The operator can configure it by SAS_DIR and SAS_CCFPATH."
)
NO_ROOT = "{name} needs XMM-Newton SAS, but SAS_DIR names a directory that is not there."
NO_PROGRAM = "{name} runs SAS's program {name}, but the installation that SAS_DIR names has none."
NO_CCFPATH = "{name} needs the calibration files of SAS, but SAS_CCFPATH is not set."
NO_CCF = "{name} needs the calibration files of SAS, but SAS_CCFPATH names a directory that is not there."
NO_HEADAS = "{name} runs HEASoft's lcurve, but HEADAS is not set."
NO_LCURVE = "{name} runs HEASoft's lcurve, but the installation that HEADAS names has none."
NO_CONTAINER = "{name} runs in a container, but the program that ATHANOR_SAS_COMMAND names is not there."
WALLS = (
    "{name} runs in the container of ATHANOR_SAS_COMMAND, which cannot be made within the walls that"
    " ATHANOR_SANDBOX=require demands."
)
NO_FETCHING = (
    "{name} fetches files from the archive of XMM-Newton, which this service does not allow."
    " The operator can allow it by ATHANOR_XMM_ARCHIVE."
)

#   what the site lacks  evselect    rmfgen        emchain       driver        helper
TABLE = [
    (has_all, "", "", "", "", ""),
    (lacks_sas, "", NO_SAS, NO_SAS, NO_SAS, ""),
    (lacks_root, NO_ROOT, NO_ROOT, NO_ROOT, NO_ROOT, NO_ROOT),
    (lacks_programs, NO_PROGRAM, NO_PROGRAM, NO_PROGRAM, "", ""),
    (cannot_execute, "", NO_PROGRAM, "", "", ""),
    (lacks_ccfpath, "", NO_CCFPATH, NO_CCFPATH, NO_CCFPATH, ""),
    (lacks_ccf, "", NO_CCF, NO_CCF, NO_CCF, ""),
    (lacks_headas, "", "", NO_HEADAS, "", ""),
    (lacks_lcurve, "", "", NO_LCURVE, "", ""),
    (lacks_container, NO_CONTAINER, NO_CONTAINER, NO_CONTAINER, NO_CONTAINER, NO_CONTAINER),
    (has_container, "", "", "", "", ""),
    (demands_walls, WALLS, WALLS, WALLS, WALLS, WALLS),
    (has_batch_system, "", "", "", "", ""),
]
NAMES = ("evselect", "rmfgen", "emchain", "driver", "helper")


@pytest.mark.parametrize(
    ("change", "name", "message"),
    [(change, name, text) for change, *texts in TABLE for name, text in zip(NAMES, texts, strict=True)],
    ids=lambda value: getattr(value, "__name__", None) or (value if value in NAMES else "says" if value else "runs"),
)
def test_what_is_missing(site, settings, change, name, message):
    change(site, settings)
    definition = registry.get(name)
    if not message:
        check_runnable(definition)
        return
    with pytest.raises(UsageError) as error:
        check_runnable(definition)
    assert str(error.value) == message.format(name=name)


@pytest.mark.parametrize(("allowed", "message"), [("", NO_FETCHING), ("yes", "")])
def test_fetching_must_be_allowed(site, settings, allowed, message):
    settings.ATHANOR_XMM_ARCHIVE = allowed
    definition = registry.get("fetch-xmm")
    if message:
        with pytest.raises(UsageError) as error:
            check_runnable(definition)
        assert str(error.value) == message.format(name="fetch-xmm")
    else:
        check_runnable(definition)


def test_job_is_refused_before_it_is_queued(site, settings):
    settings.SAS_CCFPATH = ""
    with pytest.raises(UsageError, match="SAS_CCFPATH is not set"):
        make_job("rmfgen")
    assert not Job.objects.exclude(phase="PENDING").exists()


def test_old_sas_is_refused_once_it_is_known(site, settings, tmp_path):
    make_sas(tmp_path, version="13.5.0", behaviours={"rmfgen": "write('out.rmf')"})
    finished(make_job("rmfgen"))
    with pytest.raises(UsageError) as error:
        make_job("rmfgen")
    assert str(error.value) == "rmfgen needs SAS 14.0.0 or later, but SAS_DIR names SAS 13.5.0."


def test_version_that_is_not_told_refuses_nothing(site):
    site.behave("sasversion", "sys.exit(1)")
    site.behave("rmfgen", "write('out.rmf')")
    jobs = [finished(make_job("rmfgen")) for _ in range(2)]
    assert [job.phase for job in jobs] == ["COMPLETED"] * 2
    assert "sas" not in jobs[0].software
    assert len(site.calls("sasversion")) == 1
