"""What one request changes: all that it asks or nothing; words that control a job; files as parameters."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.test import RequestFactory

from uws.http.forms import CONTROLS, read_form
from uws.models import Job
from uws.services import set_parameters
from uws.testing import parse
from uws.uploads import KEPT, list_uploads
from vo.errors import ParameterError

BYTES = bytes(range(256)) * 3


def content(answer) -> bytes:
    assert answer.status_code == 200
    return b"".join(answer)


class TestAllOrNothing:
    """A request of which one part is wrong changes nothing, in the database and among the files."""

    @pytest.mark.parametrize(
        ("wrong", "code"),
        [
            ({"seconds": "long"}, 400),
            ({"nosuch": "1"}, 400),
            ({"EXECUTIONDURATION": "soon"}, 400),
            ({"DESTRUCTION": "never"}, 400),
            ({"RUNID": "x" * 201}, 400),
            ({"PHASE": "HELD"}, 400),
            ({"table": "ivo://nobody/x?y", "PHASE": "RUN"}, 400),  # found out when it is queued
            ({"seconds": SimpleUploadedFile("x", b"1")}, 400),
            ({"a/b": SimpleUploadedFile("x", b"1")}, 400),
        ],
        ids=str,
    )
    def test_a_job(self, client, make_job, wrong, code):
        job = make_job(text="old", run_id="old")
        url = f"/uws/worker/{job.pk}"
        client.post(url, {"table": SimpleUploadedFile("x", b"old")})
        before = Job.objects.values().get()
        given = {
            "text": "new",
            "RUNID": "new",
            "EXECUTIONDURATION": "7",
            "DESTRUCTION": "2999-01-01",
            "t1": SimpleUploadedFile("x", b"new"),
            "table": SimpleUploadedFile("x", b"new"),
        }
        answer = client.post(url, given | wrong)
        assert answer.status_code == code
        assert next(iter(wrong)) in answer.content.decode()
        assert Job.objects.values().get() == before
        assert list_uploads(job=job) == ["table"]
        assert content(client.get(f"{url}/parameters/table")) == b"old"
        assert sorted(path.name for path in job.workdir.iterdir()) == ["uploads"]

    def test_in_the_wrong_phase(self, client, make_job):
        job = make_job(run=True)
        before = Job.objects.values().get()
        answer = client.post(f"/uws/worker/{job.pk}", {"DESTRUCTION": "2001-01-01", "text": "new"})
        assert answer.status_code == 403
        assert Job.objects.values().get() == before

    def test_a_process_that_was_killed_meanwhile(self, client, make_job):
        """What it had written is undone by the next change."""
        job = make_job()
        url = f"/uws/worker/{job.pk}"
        client.post(url, {"t1": SimpleUploadedFile("x", b"old")})

        (job.workdir / "uploads").rename(job.workdir / KEPT)
        (job.workdir / "uploads").mkdir()
        (job.workdir / "uploads" / "t2").write_bytes(b"half")
        client.post(url, {"t3": SimpleUploadedFile("x", b"new")})
        assert list_uploads(job=job) == ["t1", "t3"]
        assert content(client.get(f"{url}/parameters/t1")) == b"old"
        assert not (job.workdir / KEPT).exists()

    def test_a_job_that_is_gone_meanwhile(self, make_job):
        from uws.changes import change_job
        from vo.errors import NotFoundError

        job, other = make_job(), make_job()
        Job.objects.filter(pk=job.pk).update(deleted=True)
        with pytest.raises(NotFoundError):
            change_job(job=job, run_id="x")
        Job.objects.filter(pk=other.pk).delete()
        with pytest.raises(NotFoundError):
            set_parameters(job=other, parameters={"text": ["x"]})


class TestFiles:
    """Parameters that are files."""

    @pytest.mark.parametrize("media_type", ["application/octet-stream", "application/fits", "text/csv"])
    def test_put(self, client, make_job, media_type):
        job = make_job()
        url = f"/uws/worker/{job.pk}"
        answer = client.put(f"{url}/parameters/TABLE", BYTES, content_type=media_type)
        assert (answer.status_code, answer["Location"]) == (303, f"http://testserver{url}")
        (item,) = parse(client.get(f"{url}/parameters").content)
        href = f"http://testserver{url}/parameters/table"
        assert (item.get("id"), item.get("byReference"), item.text) == ("table", "true", href)
        assert content(client.get(href)) == BYTES
        assert content(client.get(f"{url}/parameters/Table")) == BYTES

        assert client.put(f"{url}/parameters/table", b"\0", content_type=media_type).status_code == 303
        assert list_uploads(job=job) == ["table"]
        assert content(client.get(href)) == b"\0"

        assert client.put(f"{url}/parameters/table", "job:abc/x", content_type="text/plain").status_code == 303
        assert client.get(href).content == b"job:abc/x"
        (item,) = parse(client.get(f"{url}/parameters").content)
        assert (item.get("byReference"), item.text) == (None, "job:abc/x")

    def test_put_of_a_file_that_a_parameter_may_name(self, client, make_job):
        job = make_job()
        url = f"/uws/worker/{job.pk}"
        assert client.put(f"{url}/parameters/t1", BYTES, content_type="application/fits").status_code == 303
        assert client.post(url, {"table": "param:t1"}).status_code == 303
        assert client.get(f"{url}/parameters/table").content == b"param:t1"
        assert content(client.get(f"{url}/parameters/t1")) == BYTES

    @pytest.mark.parametrize("name", ["a.%00", f"a.{'x' * 300}", "..", "%2e%2e", "a.%0d%0ab"])
    def test_put_of_a_file_whose_name_no_file_can_have(self, client, make_job, name):
        job = make_job()
        answer = client.put(f"/uws/worker/{job.pk}/parameters/{name}", BYTES, content_type="application/fits")
        assert answer.status_code in (400, 405)
        assert list_uploads(job=job) == []

    @pytest.mark.parametrize("name", [f"a.{'x' * 300}", f"a.{'é' * 200}", "a.\0", "a/b", "f"])
    def test_a_large_file_that_the_client_calls_as_no_file_can_be_called(self, client, make_job, name):
        job = make_job()
        head = f'--x\r\nContent-Disposition: form-data; name="table"; filename="{name}"\r\n\r\n'
        sent = b"x" * (2**22 + 1)
        body = head.encode() + sent + b"\r\n--x--\r\n"
        url = f"/uws/worker/{job.pk}/parameters"
        answer = client.post(url, body, content_type="multipart/form-data; boundary=x")
        assert answer.status_code == 303
        assert content(client.get(f"{url}/table")) == sent

    @pytest.mark.parametrize("length", [0, 1, 2**22 + 1])
    def test_multipart_files_come_back_as_they_were(self, client, make_job, length):
        job = make_job()
        sent = (BYTES * (length // len(BYTES) + 1))[:length]
        client.post(f"/uws/worker/{job.pk}/parameters", {"table": SimpleUploadedFile("x", sent)})
        assert content(client.get(f"/uws/worker/{job.pk}/parameters/table")) == sent

    def test_a_large_file_is_moved_and_not_copied(self, service, make_job):
        """Its size does not matter to others who wait for the database."""
        service.FILE_UPLOAD_TEMP_DIR = str(service.ATHANOR_HOME)
        job = make_job()
        with TemporaryUploadedFile("x", "application/fits", len(BYTES), None) as file:
            file.write(BYTES)
            number = Path(file.temporary_file_path()).stat().st_ino
            set_parameters(job=job, parameters={}, files={"table": file})
        kept = job.workdir / "uploads" / "table"
        assert (kept.stat().st_ino, kept.read_bytes()) == (number, BYTES)

    @pytest.mark.parametrize(
        ("name", "media_type", "code"),
        [
            ("text", "application/fits", 400),
            ("a%20b", "application/fits", 400),
            ("table", "multipart/form-data; boundary=x", 415),
            ("seconds", "text/plain", 400),
            ("table", "text/plain", 400),
        ],
    )
    def test_put_refused(self, client, make_job, name, media_type, code):
        job = make_job()
        answer = client.put(f"/uws/worker/{job.pk}/parameters/{name}", BYTES, content_type=media_type)
        assert answer.status_code == code
        job.refresh_from_db()
        assert job.parameters == {}
        assert list_uploads(job=job) == []

    def test_put_by_a_program_that_names_a_form(self, client, make_job):
        """curl does so with -d."""
        job = make_job()
        url = f"/uws/worker/{job.pk}/parameters/text"
        for value in ("a=b&c+d", "", "é <&>"):
            assert client.put(url, value, content_type="application/x-www-form-urlencoded").status_code == 303
            assert client.get(url).content.decode() == value

    def test_put_takes_the_place_of_values_that_accumulate(self, client, make_job):
        job = make_job("open", UPLOAD=["a,http://a.example/"])
        url = f"/uws/open/{job.pk}/parameters/upload"
        for _ in range(2):
            assert client.put(url, "b,http://b.example/", content_type="text/plain").status_code == 303
        job.refresh_from_db()
        assert job.parameters == {"UPLOAD": ["b,http://b.example/"]}

    def test_two_files_of_one_name_are_refused(self, client, service):
        files = [SimpleUploadedFile("x", b"1"), SimpleUploadedFile("y", b"2")]
        answer = client.post("/uws/worker", {"table": files})
        assert (answer.status_code, answer.content[:5]) == (400, b"table")
        answer = client.post("/uws/worker", {"phase": files[0]})
        assert (answer.status_code, answer.content[:5]) == (400, b"PHASE")
        assert not Job.objects.exists()


PLACES = ("jobs", "job", "phase", "executionduration", "destruction", "parameters")
VALUES = {
    "PHASE": ("RUN", "RUN"),
    "RUNID": ("r", "r"),
    "EXECUTIONDURATION": ("5", 5),
    "ACTION": ("DELETE", "DELETE"),
    "NOTIFY": ("x", ["x"]),
    "ARRAY": ("param:rows", "param:rows"),
}
PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "uws.md").read_text()


class TestControls:
    """Words that control a job."""

    @pytest.mark.parametrize("word", VALUES)
    @pytest.mark.parametrize("place", PLACES)
    def test_each_is_taken_at_its_places_only(self, word, place):
        control = CONTROLS[word]
        text, value = VALUES[word]
        for name in (word, word.lower(), word.title()):
            request = RequestFactory().post("/", {name: text})
            if place in control.places:
                assert read_form(request, place).controls == {control.keyword: value}
            else:
                with pytest.raises(ParameterError, match=f"{word}: it is not taken here; POST it to the job"):
                    read_form(request, place)

    @pytest.mark.parametrize("word", CONTROLS)
    def test_each_is_documented(self, word):
        names = {"jobs": "job list", "job": "job"}
        places = ", ".join(names.get(place, f"`{place}`") for place in CONTROLS[word].places)
        assert f"| `{word}` | {places} | " in PAGE

    def test_elsewhere_they_are_parameters(self):
        request = RequestFactory().post("/?runid=a", {"PHASE": "RUN"})
        form = read_form(request)
        assert (form.controls, form.parameters) == ({}, {"runid": ["a"], "PHASE": ["RUN"]})

    def test_given_several_times(self, client, make_job):
        job = make_job()
        url = f"/uws/worker/{job.pk}"
        assert client.post(f"{url}?runid=a", {"RUNID": "a"}).status_code == 303
        answer = client.post(f"{url}?runid=a", {"RUNID": "b"})
        assert (answer.status_code, answer.content[:5]) == (400, b"RUNID")
        job.refresh_from_db()
        assert job.run_id == "a"
