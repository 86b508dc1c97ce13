"""What the comparison of a job with the one that it repeats says, and that it is never lost."""

from __future__ import annotations

import pytest

from provenance.models import Activity, ComparedItem, Entity, Used, WasGeneratedBy
from provenance.rerun import comparing, due
from provenance.rerun.comparing import compare_jobs
from provenance.rerun.due import compare, compare_due
from provenance.rerun.outcomes import Outcome, worst
from provenance.rerun.selectors import find_repetition, repetitions_of
from provenance.rerun.service import rerun_job
from uws.engine.destroy import remove_files
from uws.executors.locking import locked
from uws.models import Job, Result
from uws.phases import Phase
from uws.services import abort_job, retry_job
from uws.testing import drive

pytestmark = pytest.mark.django_db

BROKEN = "#!{python}\nimport sys\nsys.exit(3)\n"


def found(job: Job) -> Activity:
    return Activity.objects.get(identifier=f"comparison:{job.pk}")


def verdict(job: Job) -> str:
    return Entity.objects.get(identifier=f"comparison:{job.pk}/verdict").value


def items(job: Job) -> list[tuple[str, str, str, str]]:
    rows = ComparedItem.objects.filter(activity=found(job)).order_by("pk")
    return list(rows.values_list("kind", "name", "outcome", "detail"))


@pytest.mark.parametrize(
    ("outcomes", "whole"),
    [
        ([], "identical"),
        (["identical"], "identical"),
        (["identical", "identical but for dates and checksums"], "identical but for dates and checksums"),
        (["identical but for dates and checksums", "different"], "different"),
        (["identical", "missing"], "different"),
        (["identical", "extra"], "different"),
        (["different", "failed"], "failed"),
    ],
)
def test_the_worst_part_decides(outcomes, whole) -> None:
    assert worst(map(Outcome, outcomes)) == whole


def test_the_verdict_is_provenance(ran, repeat, user) -> None:
    job = ran(text="hello", user=user)
    again = repeat(job, user=user)
    activity = found(again)
    assert (activity.kind, activity.phase, activity.owner, activity.public_since) == (
        *("comparison", Phase.COMPLETED, user),
        None,
    )
    assert activity.comment == f"Repetition of the job {job.pk}: identical.\noutput: identical."
    used = Used.objects.filter(activity=activity).values_list("entity__identifier", "role")
    assert set(used) == {(f"job:{job.pk}/output", "original"), (f"job:{again.pk}/output", "repetition")}
    (made,) = WasGeneratedBy.objects.filter(activity=activity)
    assert (made.role, made.entity.kind, made.entity.value, made.entity.owner) == (
        *("verdict", "value", "identical"),
        user,
    )
    assert set(activity.informants.values_list("informant__identifier", flat=True)) == {job.pk, again.pk}


def test_equal_checksums_are_compared_at_once(ran) -> None:
    job = ran(text="hello")
    again = rerun_job(job_id=job.pk, user=None, base_url="")
    drive()  # without the thread that reads files
    assert verdict(again) == "identical"


def test_dates_are_told_from_other_differences(ran, repeat, fits_program) -> None:
    fits_program(b"\x01\x02\x03\x04")
    job = ran()
    again = repeat(job)
    assert items(again) == [
        ("result", "output", "identical but for dates and checksums", "They differ in DATE only."),
    ]
    assert verdict(again) == "identical but for dates and checksums"
    fits_program(b"\x01\x02\x03\x05")
    again = repeat(job)
    assert items(again) == [("result", "output", "different", "HDU 0: 1 of 4 pixels differ")]
    assert verdict(again) == "different"


def test_another_output_is_different(ran, repeat, program) -> None:
    job = ran(text="hello")
    program("#!{python}\nopen('out.txt', 'w').write('hallo\\n')\nopen('extra1.txt', 'w').write('more')\n")
    again = repeat(job)
    assert verdict(again) == "different"
    assert items(again) == [
        ("result", "output", "different", "They differ from byte 1 on (6 and 6 bytes)."),
        ("result", "extra", "extra", "The original has none."),
    ]
    assert items(repeat(again)) == [("result", "output", "identical", ""), ("result", "extra", "identical", "")]


def test_a_repetition_that_fails(ran, repeat, program) -> None:
    job = ran(text="hello")
    program(BROKEN)
    again = repeat(job)
    assert (again.phase, verdict(again)) == (Phase.ERROR, "failed")
    assert Entity.objects.get(identifier=f"comparison:{again.pk}/verdict").comment.startswith(
        "The original ended COMPLETED, the repetition ERROR ("
    )


def test_a_failure_that_repeats_itself_is_identical(ran, repeat, program) -> None:
    job = ran(code="2")
    assert job.phase == Phase.ERROR
    assert verdict(repeat(job)) == "identical"
    program(BROKEN)
    again = repeat(job)
    assert verdict(again) == "different"
    assert find_repetition(job=again, user=None).reason == (
        "The original ended with the exit code 2, the repetition 3."
    )
    program("#!{python}\nopen('out.txt', 'w').write('well\\n')\n")
    assert verdict(repeat(job)) == "different"


def test_a_repetition_that_is_retried_is_compared_too(ran, repeat, program) -> None:
    job = ran(text="hello")
    program(BROKEN)
    again = repeat(job)
    program("#!{python}\nopen('out.txt', 'w').write('hello\\n')\n")
    retried = retry_job(job=again)
    drive()
    assert (retried.retry_of, retried.repeats, verdict(again), verdict(retried)) == (again, job, "failed", "identical")


def test_a_repetition_that_is_aborted_has_failed(ran) -> None:
    job = ran(text="hello")
    again = rerun_job(job_id=job.pk, user=None, base_url="")
    abort_job(job=again)
    drive()
    compare_due()
    assert verdict(again) == "failed"


def test_queries_are_compared_by_their_bytes(ran, repeat) -> None:
    assert verdict(repeat(ran("open", QUERY=["write"]))) == "identical"


def test_a_step_of_a_pipeline_that_differs_is_told(ran, repeat, program) -> None:
    job = ran("chain", words=["a"])
    program(
        "#!{python}\nimport sys\ngiven = dict(item.split('=', 1) for item in sys.argv[1:])\n"
        "open('out.txt', 'w').write('all\\n' if given['text'] == 'all' else 'another\\n')\n"
    )
    again = repeat(job)
    assert verdict(again) == "different"
    assert {(kind, name, outcome) for kind, name, outcome, _ in items(again)} == {
        ("result", "last-1", "different"),
        ("result", "all", "identical"),
        ("step", "first/1", "different"),
        ("step", "second/1", "different"),
        ("step", "third", "identical"),
    }


def test_files_that_are_gone_are_compared_by_their_checksums(ran, repeat, fits_program) -> None:
    fits_program(b"1234")
    job = ran()
    remove_files(job)
    again = repeat(job)
    assert items(again) == [
        (
            *("result", "output", "different"),
            "The file of the original is no longer here: the checksums alone could be compared.",
        )
    ]


def test_an_original_that_is_archived(ran, repeat) -> None:
    job = ran(text="hello")
    Job.objects.filter(pk=job.pk).update(phase=Phase.ARCHIVED)
    remove_files(job)
    assert verdict(repeat(job)) == "identical"


def test_a_comparison_that_is_cut_short_is_done_again(ran, fits_program, monkeypatch) -> None:
    fits_program(b"1234")
    again = rerun_job(job_id=ran().pk, user=None, base_url="")
    drive()
    assert not Activity.objects.filter(kind="comparison").exists()

    def killed(*_: object, **__: object) -> None:
        raise SystemExit

    for name in ("compare_jobs", "record_comparison"):
        with monkeypatch.context() as patch:
            patch.setattr(due, name, killed)
            with pytest.raises(SystemExit):
                compare_due()
        assert not Activity.objects.filter(kind="comparison").exists()
        assert not ComparedItem.objects.exists()
    compare_due()
    assert verdict(again) == "identical but for dates and checksums"
    compare_due()
    assert Activity.objects.filter(kind="comparison").count() == 1


def test_one_that_fails_does_not_hinder_others(ran, program, fits_program, monkeypatch) -> None:
    fits_program(b"1234")
    job = ran()
    first, second = (rerun_job(job_id=job.pk, user=None, base_url="") for _ in range(2))
    drive()
    real = comparing.compare_jobs

    def surprising(original: Job, repetition: Job) -> object:
        if repetition == first:
            raise ZeroDivisionError
        return real(original, repetition)

    monkeypatch.setattr(due, "compare_jobs", surprising)
    compare_due()
    assert verdict(second) == "identical but for dates and checksums"
    assert not Activity.objects.filter(identifier=f"comparison:{first.pk}").exists()
    monkeypatch.undo()
    compare_due()
    assert verdict(first) == "identical but for dates and checksums"


def test_a_comparison_that_fails_at_once_does_not_hinder_the_job(ran, monkeypatch) -> None:
    job = ran(text="hello")
    again = rerun_job(job_id=job.pk, user=None, base_url="")
    with monkeypatch.context() as patch:
        patch.setattr(due, "compare_jobs", lambda *_: 1 / 0)
        drive()
    again.refresh_from_db()
    assert again.announced
    assert Activity.objects.filter(identifier=again.pk).exists()
    compare_due()
    assert verdict(again) == "identical"


def test_two_engines_do_not_compare_the_same(ran, fits_program) -> None:
    fits_program(b"1234")
    again = rerun_job(job_id=ran().pk, user=None, base_url="")
    drive()
    with locked(again.workdir) as held:
        assert held
        assert compare(job_id=again.pk) is None
    assert compare(job_id=again.pk).verdict == Outcome.DATES
    assert compare(job_id=again.pk) is None


def test_each_pair_of_files_is_read_once(ran, repeat, fits_program, monkeypatch) -> None:
    fits_program(b"1234")
    job, again = ran(), ran()
    for item in (job, again):
        result = item.results.get()
        Result.objects.create(
            job=item,
            name="copy",
            **{field: getattr(result, field) for field in ("path", "media_type", "size", "sha256", "role")},
        )
    read = []
    real = comparing.compare_files
    monkeypatch.setattr(comparing, "compare_files", lambda *paths: read.append(paths) or real(*paths))
    assert compare_jobs(job, again).verdict == Outcome.DATES
    assert len(read) == 1


def test_pages_read_what_differs_first(ran, repeat) -> None:
    again = repeat(ran(text="hello"))
    made = [
        ComparedItem(activity=found(again), kind="step", name=str(number), outcome=outcome)
        for number, outcome in enumerate(["identical", "different", "identical", "missing"])
    ]
    ComparedItem.objects.bulk_create(made)
    shown = find_repetition(job=again, user=None, most=3)
    assert [(item.kind, item.name) for item in shown.items] == [("result", "output"), ("step", "1"), ("step", "3")]
    assert shown.left_out == 2
    whole = find_repetition(job=again, user=None)
    assert (len(whole.items), whole.left_out) == (5, 0)


def test_repetitions_are_listed_for_those_who_may_see_them(ran, repeat, user, other, django_user_model) -> None:
    job = ran(text="hello")
    for asker in (user, other, None):
        repeat(job, user=asker)
    root = django_user_model.objects.create_superuser("root")
    owners = {
        name: {item.job.owner for item in repetitions_of(job=job, user=asker)}
        for name, asker in (("user", user), ("nobody", None), ("root", root))
    }
    assert owners == {"user": {user, None}, "nobody": {None}, "root": {user, other, None}}
    assert {item.verdict for item in repetitions_of(job=job, user=root)} == {"identical"}
