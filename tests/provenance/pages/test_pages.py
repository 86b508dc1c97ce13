"""The pages of jobs, of other activities and of entities, and who sees them."""

from __future__ import annotations

import io
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.test import Client
from matplotlib.image import imread

from provenance.drawing.png import MOST_PIXELS
from provenance.models import Activity, Agent, AlternateOf, Entity, HadMember, Used, WasAssociatedWith, WasGeneratedBy
from provenance.pages.relations import PAGE_ROWS
from tests.provenance.conftest import TIME

pytestmark = pytest.mark.django_db

DID = "ivo://athanor.example/demo?one"
OPEN = TIME.replace(year=1970)
"""Since when everybody sees it."""


class _Reader(HTMLParser):
    """Links, text, and what a security policy would forbid."""

    def __init__(self) -> None:
        super().__init__()
        self.links: dict[str, str] = {}
        self.inline: list[str] = []
        self._words: list[str] = []
        self._href = ""

    def handle_starttag(self, tag, attributes) -> None:
        given = dict(attributes)
        if tag == "a":
            self._href = given.get("href", "")
            self.links[self._href] = ""
        self.inline += [name for name in given if name == "style" or name.startswith("on")]
        self.inline += [tag] * (tag == "style" or (tag == "script" and "src" not in given))

    def handle_data(self, data) -> None:
        self._words.append(data)
        if self._href:
            self.links[self._href] += data

    def handle_endtag(self, tag) -> None:
        if tag == "a":
            self._href = ""

    @property
    def text(self) -> str:
        """All words."""
        return " ".join(" ".join(self._words).split())


def read(response, status: int = 200) -> _Reader:
    assert response.status_code == status, response.content[:2000]
    reader = _Reader()
    reader.feed(response.content.decode())
    assert reader.inline == []
    return reader


def page_of(identifier: str) -> str:
    return f"/provenance/entity/?ID={quote(identifier, safe='')}"


@pytest.fixture
def job() -> Activity:
    """A public job that used a data set and made an image."""
    return made_job("j" * 26)


def made_job(identifier: str, *, results: int = 1, phase: str = "COMPLETED", owner: User | None = None) -> Activity:
    shared = {"owner": owner, "public_since": None if owner else OPEN}
    activity = Activity.objects.create(
        identifier=identifier, name="sieve", phase=phase, start_time=TIME, end_time=TIME, **shared
    )
    source, _ = Entity.objects.get_or_create(
        identifier=DID, defaults={"name": "one.fits", "sha256": "a" * 64, "size": 100, "public_since": OPEN}
    )
    Used.objects.create(activity=activity, entity=source, role="events")
    entities = Entity.objects.bulk_create(
        Entity(identifier=f"job:{identifier}/image{n}", name=f"image{n}.fits", sha256=f"{n:064}", **shared)
        for n in range(results)
    )
    WasGeneratedBy.objects.bulk_create(
        WasGeneratedBy(entity=entity, activity=activity, role="image") for entity in entities
    )
    return activity


def test_the_page_of_a_job(job, client: Client) -> None:
    page = read(client.get(f"/jobs/{job.identifier}/provenance/"))
    assert f"/jobs/{job.identifier}/" in page.links
    for text in ("COMPLETED", "one.fits", "image0.fits", "wasGeneratedBy", "1 activity and 2 entities"):
        assert text in page.text, text
    service = "http://testserver"
    assert f"{service}{page_of(DID)}" in page.links
    assert f"{service}{page_of(f'job:{job.identifier}/image0')}" in page.links


@pytest.mark.parametrize("form", ["json", "provn", "xml", "ttl", "vot", "svg", "png"])
def test_every_form_can_be_downloaded(form: str, job, client: Client) -> None:
    page = read(client.get(f"/jobs/{job.identifier}/provenance/?depth=2"))
    addresses = [link for link in page.links if link.startswith(f"/provenance/jobs/{job.identifier}.{form}?depth=2")]
    models = [""] if form in ("svg", "png") else ["&model=IVOA", "&model=W3C"]
    assert sorted(link.partition("depth=2")[2] for link in addresses) == models
    assert all(client.get(link).status_code == 200 for link in addresses)


def test_many_results_are_one_node_until_it_is_opened(client: Client) -> None:
    job = made_job("m" * 26, results=154)
    address = f"/jobs/{job.identifier}/provenance/"
    page = read(client.get(address))
    assert "image × 154" in page.text
    (opening,) = [link for link in page.links if link.startswith("?expand=sieve.image")]
    opened = read(client.get(address + opening.partition("#")[0]))
    assert "image × 154" not in opened.text
    assert opened.text.count("image77.fits") > page.text.count("image77.fits")


def test_the_table_has_pages_and_can_be_filtered(client: Client) -> None:
    job = made_job("t" * 26, results=PAGE_ROWS + 7)
    address = f"/jobs/{job.identifier}/provenance/"
    first = read(client.get(address))
    assert f"Relations 1 to {PAGE_ROWS} of {PAGE_ROWS + 8}" in first.text.replace(",", "")
    assert "?page=2#relations" in first.links
    second = client.get(f"{address}?page=2")
    assert second.content.count(b"<td>wasGeneratedBy</td>") == 8
    assert "?page=2#relations" not in read(client.get(f"{address}?page=99")).links
    filtered = client.get(f"{address}?node=IMAGE506")
    assert filtered.content.count(b"<td>wasGeneratedBy</td>") == 1


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("depth=51", "depth"),
        ("depth=-1", "depth"),
        (f"depth={'9' * 5000}", "depth"),
        ("direction=up", "direction"),
        ("agents=2", "agents"),
        ("steps=x", "steps"),
        ("page=0", "page"),
        ("&".join(f"expand={n}" for n in range(41)), "expand"),
    ],
)
def test_what_cannot_be_shown_is_refused(query: str, name: str, job, client: Client) -> None:
    response = client.get(f"/jobs/{job.identifier}/provenance/?{query}")
    assert response.status_code == 400
    assert name in response.content.decode()


@pytest.mark.parametrize(
    "query", ["expand=none-such", "expand=%00", "node=%00%ff", "node=<script>", "page=77", "fit=1"]
)
def test_anything_else_is_shown(query: str, job, client: Client) -> None:
    response = client.get(f"/jobs/{job.identifier}/provenance/?{query}")
    read(response)
    assert b"<script>" not in response.content


def test_an_ingest_has_a_page(client: Client) -> None:
    ingest = Activity.objects.create(
        kind="ingest", identifier="ingest:abc", name="ingest", phase="COMPLETED", start_time=TIME, public_since=OPEN
    )
    entity = Entity.objects.create(identifier=DID, name="one.fits", public_since=OPEN)
    WasGeneratedBy.objects.create(entity=entity, activity=ingest, role="ingested")
    agent = Agent.objects.create(identifier="authority/a", name="Operator of a", type="Organization")
    WasAssociatedWith.objects.create(activity=ingest, agent=agent, role="Operator")
    ingest.parameters.create(name="collection", value="xmm-sim")
    page = read(client.get("/provenance/activities/ingest:abc/"))
    for text in ("Ingest of files", "one.fits", "Operator of a", "collection", "xmm-sim"):
        assert text in page.text, text
    found = read(client.get(page_of(DID)))
    assert "/provenance/activities/ingest:abc/" in found.links


def test_the_activity_of_a_job_is_its_page(job, client: Client) -> None:
    response = client.get(f"/provenance/activities/{job.identifier}/")
    assert (response.status_code, response["Location"]) == (303, f"http://testserver/jobs/{job.identifier}/")


def test_the_page_of_an_entity(job, client: Client) -> None:
    mine = Entity.objects.get(identifier=f"job:{job.identifier}/image0")
    twin = Entity.objects.create(identifier="job:x/twin", name="twin.fits", sha256=mine.sha256, public_since=OPEN)
    AlternateOf.objects.create(entity=twin, alternate=mine)
    folder = Entity.objects.create(kind="collection", identifier="c", name="folder", public_since=OPEN)
    HadMember.objects.create(collection=folder, entity=mine)
    page = read(client.get(page_of(mine.identifier)))
    assert mine.sha256 in page.text
    assert {page_of(twin.identifier), page_of("c")} <= set(page.links)
    assert f"/provenance/activities/{job.identifier}/" in page.links
    assert any(link.startswith("/provsap?ID=job%3A") and "RESPONSEFORMAT=PROV-N" in link for link in page.links)
    assert "Member of" in page.text
    members = read(client.get(page_of("c")))
    assert "Collection" in members.text
    assert "image0.fits" in members.text


def test_a_value_tells_itself(client: Client) -> None:
    Entity.objects.create(kind="value", identifier="job:x/v#3", name="ra", value="83.6", public_since=OPEN)
    assert "83.6" in read(client.get(page_of("job:x/v#3"))).text


@pytest.mark.parametrize("identifier", ["nothing", "job:x/y", "\0", "é" * 3000])
def test_what_is_not_there(identifier: str, client: Client) -> None:
    assert client.get(page_of(identifier)).status_code == 404
    assert client.get(f"/provenance/activities/{quote(identifier[:300], safe='')}/").status_code == 404


def test_an_entity_needs_a_name(client: Client) -> None:
    assert client.get("/provenance/entity/").status_code == 400


def test_nobody_learns_of_what_others_do_in_private(client: Client) -> None:
    ada, bob = User.objects.create_user("ada"), User.objects.create_user("bob")
    public = made_job("p" * 26)
    private = made_job("s" * 26, owner=ada)
    result = f"job:{private.identifier}/image0"
    addresses = [
        f"/jobs/{private.identifier}/provenance/",
        f"/provenance/activities/{private.identifier}/",
        page_of(result),
    ]
    twin = page_of(f"job:{public.identifier}/image0")  # the same bytes
    shared = page_of(DID)  # the same input
    for user in (None, bob):
        if user is not None:
            client.force_login(user)
        assert [client.get(address).status_code for address in addresses] == [404, 404, 404]
        for address in (twin, f"{shared}&direction=forth", f"{shared}&direction=both&depth=9"):
            text = client.get(address).content.decode()
            assert private.identifier not in text
            assert "closed" not in text
    client.force_login(ada)
    assert [client.get(address).status_code for address in addresses] == [200, 303, 200]
    assert private.identifier in client.get(shared).content.decode()
    assert private.identifier in client.get(twin).content.decode()


def test_a_private_job_on_the_way_back_is_closed(client: Client) -> None:
    ada = User.objects.create_user("ada")
    private = made_job("s" * 26, owner=ada)
    result = Entity.objects.get(identifier=f"job:{private.identifier}/image0")
    later = made_job("l" * 26)
    Used.objects.create(activity=later, entity=result, role="table")
    text = client.get(f"/jobs/{later.identifier}/provenance/").content.decode()
    assert "closed" in text
    assert "you may not see" in text
    assert f"/jobs/{private.identifier}/" not in text


def test_20_000_results_are_no_burden(client: Client, django_assert_max_num_queries) -> None:
    job = made_job("b" * 26, results=20_000)
    with django_assert_max_num_queries(60):
        response = client.get(f"/jobs/{job.identifier}/provenance/")
    page = read(response)
    assert "image × 20000" in page.text
    assert len(response.content) < 500_000


def test_more_than_a_page_can_show_is_said(client: Client, monkeypatch) -> None:
    monkeypatch.setattr("provenance.pages.around.MOST_SHOWN", 50)
    job = made_job("b" * 26, results=80)
    assert "Shown are 50 of the files" in read(client.get(f"/jobs/{job.identifier}/provenance/")).text


def test_earlier_generations_that_are_too_many_are_left_out(client: Client, monkeypatch) -> None:
    monkeypatch.setattr("provenance.pages.around.MOST_SHOWN", 50)
    earlier, job = made_job("e" * 26), made_job("b" * 26)
    for n in range(60):
        entity = Entity.objects.create(identifier=f"in{n}", public_since=OPEN)
        Used.objects.create(activity=earlier, entity=entity, role="table")
    Used.objects.create(activity=job, entity=Entity.objects.get(identifier=f"job:{earlier.identifier}/image0"))
    text = read(client.get(f"/jobs/{job.identifier}/provenance/")).text
    assert "Shown are 0 generations in place of 3" in text


def test_a_picture_is_the_same_each_time_and_has_its_size(job, client: Client) -> None:
    address = f"/provenance/jobs/{job.identifier}.png"
    response = client.get(address)
    assert response["Content-Type"] == "image/png"
    content = response.getvalue()
    assert client.get(address).getvalue() == content
    height, width, _ = imread(io.BytesIO(content), format="png").shape
    assert 500 < width < 4000
    assert width * height <= MOST_PIXELS
    assert b"Software" not in content


def test_a_picture_that_would_be_too_large_is_refused(job, client: Client, monkeypatch) -> None:
    monkeypatch.setattr("provenance.drawing.png.MOST_PIXELS", 10_000)
    response = client.get(f"/provsap?ID={job.identifier}&RESPONSEFORMAT=PROV-PNG")
    assert response.status_code == 400
    assert "too large" in response.content.decode()


@pytest.mark.parametrize("name", ["$x^2$", "漢字 <b>", "\x00\x1b", "a" * 255, "é�"])
def test_any_name_can_be_drawn(name: str, job, client: Client) -> None:
    from provenance.drawing.png import draw_png
    from provenance.graph import EntityNode, Graph

    graph = Graph(entities={1: EntityNode(1, name, name=name)})
    assert draw_png(graph, base_url="http://x", title=name)[:4] == b"\x89PNG"
