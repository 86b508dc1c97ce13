"""Inputs that a task changes, and inputs that are directories: of the site, of archives, of other jobs."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile

import pytest

from tests.uws.running import BOTH_WAYS
from tests.uws.sassite import ODF_FILES, file_of, finished, make_job
from uws import runner_results
from uws.digests import known_digest
from uws.inputs import resolve
from uws.runner_inputs import place_inputs
from uws.runner_results import digest, state
from vo.errors import NotFoundError, ParameterErrors


def make_tar(path, files):
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            item = tarfile.TarInfo(name)
            item.size = len(text)
            archive.addfile(item, io.BytesIO(text.encode()))
    return path


@pytest.mark.parametrize("mode", BOTH_WAYS)
def test_changed_copy_is_the_result_and_the_original_stays(site, settings, tmp_path, mode):
    settings.ATHANOR_SANDBOX = mode
    original = tmp_path / "events.fits"
    original.write_text("times")
    original.chmod(0o444)
    site.behave("barycen", "open(parameters['table'].partition(':')[0], 'a').write(' of the barycentre')")
    job = finished(make_job("barycen", table=f"{file_of(original)}:EVENTS"))
    assert (job.phase, job.error_message) == ("COMPLETED", "")
    assert original.read_text() == "times"
    [result] = job.results.all()
    assert (result.name, result.path) == ("events", "work/events.fits")
    assert (job.workdir / result.path).read_text() == "times of the barycentre"
    [call] = site.calls("barycen", jobs=settings.ATHANOR_HOME)
    assert call.argv == ["table=events.fits:EVENTS"]
    assert job.inputs.get().sha256 == hashlib.sha256(b"times").hexdigest()


def test_space_of_a_copy_counts(site, tmp_path):
    original = tmp_path / "large.fits"
    original.write_bytes(os.urandom(3 * 2**20))
    site.behave("barycen", "")
    assert finished(make_job("barycen", table=file_of(original))).disk_bytes >= 3 * 2**20


def test_copy_of_a_directory_is_whole_and_apart(tmp_path):
    source = tmp_path / "source"
    (source / "deeper").mkdir(parents=True)
    (source / "deeper" / "a").write_text("a")
    (source / "outside").symlink_to("/etc/hostname")
    place_inputs(tmp_path / "work", [{"name": "odf", "path": str(source), "copy": True}])
    copy = tmp_path / "work" / "odf"
    (copy / "deeper" / "a").write_text("changed")
    (copy / "new").write_text("x")
    assert (source / "deeper" / "a").read_text() == "a"
    assert (copy / "outside").is_symlink()
    assert not (source / "new").exists()


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"name": "a.fits", "path": "/nowhere/a.fits", "copy": True}, "No such file or directory"),
        ({"name": "inputs", "path": "/etc/hostname", "copy": True}, "File exists"),
    ],
)
def test_what_cannot_be_placed_is_named(tmp_path, item, reason):
    with pytest.raises(ValueError, match=f"its input {item['name']} cannot be placed: {reason}"):
        place_inputs(tmp_path / "work", [item])


class TestObservationDataFiles:
    @pytest.mark.parametrize("mode", BOTH_WAYS)
    def test_of_the_site(self, site, settings, odf_volume, mode):
        settings.ATHANOR_SANDBOX = mode
        site.behave(
            "emchain",
            "names = sorted(os.listdir(parameters['odfdir']))\n"
            "try:\n    open(parameters['odfdir'] + '/new', 'w')\n    names.append('written')\n"
            "except OSError:\n    pass\n"
            "write('P1.FIT', ' '.join(names) + ';' + ' '.join(sorted(os.listdir(os.environ['SAS_ODF']))))",
        )
        if mode == "off":
            (odf_volume / "0123700101").chmod(0o555)
        job = finished(make_job("emchain", odf="odf:0123700101", odfdir="odf:0123700101"))
        (odf_volume / "0123700101").chmod(0o755)
        assert (job.phase, job.error_message) == ("COMPLETED", "")
        seen, view = (job.workdir / "work" / "P1.FIT").read_text().split(";")
        assert [name for name in seen.split() if name != "written" or mode == "require"] == sorted(ODF_FILES)
        assert view.split() == sorted(ODF_FILES)
        [call] = site.calls("emchain", jobs=settings.ATHANOR_HOME)
        assert call.environment["SAS_ODF"].startswith(f"{job.workdir}/tmp/odf-")
        assert {item.entity_id for item in job.inputs.all()} == {"odf:0123700101"}

    @pytest.mark.parametrize("mode", BOTH_WAYS)
    @pytest.mark.parametrize(
        "layout",
        [("0123700101/odf", "inode/directory"), ("0123700101.tar.gz", "application/gzip")],
        ids=lambda it: it[0],
    )
    def test_layouts(self, site, settings, tmp_path, layout, mode):
        place, media_type = layout
        settings.ATHANOR_SANDBOX = mode
        settings.ATHANOR_ODF_DIR = str(tmp_path / "volume")
        path = tmp_path / "volume" / place
        path.parent.mkdir(parents=True)
        if path.suffix:
            make_tar(path, ODF_FILES)
        else:
            path.mkdir()
            for name, text in ODF_FILES.items():
                (path / name).write_text(text)
        assert resolve("odf:0123700101", user=None).media_type == media_type
        site.behave("emchain", "write('P1.FIT', ' '.join(sorted(os.listdir(parameters['odfdir']))))")
        job = finished(make_job("emchain", odfdir="odf:0123700101"))
        assert (job.workdir / "work" / "P1.FIT").read_text().split() == sorted(ODF_FILES)

    @pytest.mark.parametrize(
        ("reference", "message"),
        [
            ("odf:0999900101", "This service does not have the observation data files of 0999900101."),
            ("odf:12", "'12' identifies no observation of XMM-Newton."),
            ("odf:../0123700101", "'../0123700101' identifies no observation of XMM-Newton."),
            ("odf:०१२३७००१०१", "identifies no observation of XMM-Newton."),
        ],
    )
    def test_unknown(self, site, odf_volume, reference, message):
        with pytest.raises(ParameterErrors) as errors:
            make_job("emchain", odfdir=reference)
        [error] = errors.value.errors
        assert error.parameter == "odfdir"
        assert message in error.message

    def test_site_keeps_none(self, site):
        with pytest.raises(NotFoundError, match=r"keeps no observation data files.*ATHANOR_ODF_DIR"):
            resolve("odf:0123700101", user=None)

    def test_hostile_archive_is_refused_in_words(self, site, tmp_path):
        bad = make_tar(tmp_path / "bad.tar.gz", {"../../etc/athanor": "x"})
        job = finished(make_job("emchain", odfdir=file_of(bad)))
        assert job.phase == "ERROR"
        assert job.error_message == (
            "emchain could not be started: bad.tar.gz holds '../../etc/athanor', which leads out of its directory."
        )
        assert not site.calls("emchain")

    def test_file_that_is_no_archive(self, site, tmp_path):
        (tmp_path / "x.fits").write_text("SIMPLE")
        job = finished(make_job("emchain", odfdir=file_of(tmp_path / "x.fits")))
        assert job.error_message.startswith("emchain could not be started: x.fits is no tar or zip archive")


class TestDigestOfDirectories:
    def test_it_is_of_the_listing(self, tmp_path):
        for name, content in {"b": b"two", "a/c": b"three", "a.x": b""}.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(content)
        lines = [
            f"{name}\t{len(content)}\t{hashlib.sha256(content).hexdigest()}\n"
            for name, content in [("a.x", b""), ("a/c", b"three"), ("b", b"two")]
        ]
        assert digest(tmp_path) == (8, hashlib.sha256("".join(lines).encode()).hexdigest())

    def test_any_change_changes_its_state(self, tmp_path):
        (tmp_path / "a").write_text("one")
        states = [state(tmp_path)]
        (tmp_path / "a").write_text("two")
        os.utime(tmp_path / "a", ns=(1, 1))
        states.append(state(tmp_path))
        (tmp_path / "a").rename(tmp_path / "b")
        states.append(state(tmp_path))
        (tmp_path / "c").touch()
        states.append(state(tmp_path))
        assert len(set(states)) == 4
        assert all(0 <= number < 2**63 for _, number in states)

    def test_unchanged_directories_are_read_once(self, site, odf_volume, monkeypatch):
        site.behave("emchain", "")
        first = finished(make_job("emchain", odfdir="odf:0123700101"))
        sha256 = runner_results.digest(odf_volume / "0123700101")[1]
        assert first.inputs.get().sha256 == sha256 == known_digest(odf_volume / "0123700101")
        second = make_job("emchain", odfdir="odf:0123700101")
        finished(second)
        assert '"sha256": ""' not in (second.workdir / "job.json").read_text()
        assert second.inputs.get().sha256 == sha256
        (odf_volume / "0123700101" / "more.FIT").touch()
        assert known_digest(odf_volume / "0123700101") == ""
