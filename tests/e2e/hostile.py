"""What a hostile or broken client sends: mutated queries, odd parameters, spoilt tables, broken HTTP; from a seed."""

from __future__ import annotations

import base64
import random
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode

__all__ = ["Attack", "attacks"]

HERE = Path(__file__).resolve().parent
CORPUS = HERE.parent / "obstap" / "adql" / "corpus"

FORM = "application/x-www-form-urlencoded"
BOUNDARY = "frontier"

WORDS = (HERE / "hostile_words.txt").read_text(encoding="utf-8").splitlines()

ODD = (
    "",
    " ",
    "\0",
    "\x1b[2J",
    "é",
    "𝔘",
    "\u202e",
    "'",
    '"',
    "<script>",
    "%00",
    "%ff",
    "../../etc/passwd",
    "file:///etc/passwd",
    "http://169.254.169.254/",
    "-1",
    "1e9",
    "NaN",
    "Inf",
    "9" * 400,
    "x" * 5000,
    "\r\nX-Forged: 1",
    "{{7*7}}",
    "${jndi:ldap://x}",
)

NAMES = (
    "LANG",
    "QUERY",
    "RESPONSEFORMAT",
    "FORMAT",
    "MAXREC",
    "UPLOAD",
    "RUNID",
    "REQUEST",
    "VERSION",
    "PHASE",
    "WAIT",
    "AFTER",
    "LAST",
    "ACTION",
    "DETAIL",
    "EXECUTIONDURATION",
    "DESTRUCTION",
    "RA",
    "DEC",
    "SR",
    "VERB",
    "POS",
    "BAND",
    "TIME",
    "POL",
    "FOV",
    "ID",
    "COLLECTION",
    "CALIB",
    "DPTYPE",
    "TARGET",
)

PATHS = (
    "/tap/sync",
    "/tap/async",
    "/tap/tables",
    "/tap/tables/ivoa.obscore",
    "/tap/capabilities",
    "/tap/availability",
    "/tap/examples",
    "/tap",
    "/scs",
    "/sia2/query",
    "/sia2/capabilities",
    "/uws/evselect",
    "/search/",
    "/jobs/",
    "/tables/",
)


@dataclass(frozen=True, slots=True)
class Attack:
    """One request.

    Parameters
    ----------
    raw
        When not empty, bytes to send as they are instead of a well-formed request; no answer need come.
    cut
        Bytes of the answer after which the client goes away; 0 reads it whole.
    """

    method: str = "GET"
    path: str = "/"
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes = b""
    cut: int = 0


def attacks(seed: int, count: int) -> Iterator[Attack]:
    """`count` requests, the same ones for the same seed."""
    chance = random.Random(seed)
    queries = _queries()
    kinds: list[tuple[Callable[[], Attack], int]] = [
        (lambda: _query(chance, queries), 50),
        (lambda: _parameters(chance), 20),
        (lambda: _upload(chance), 20),
        (lambda: _cut(chance), 6),
        (lambda: _broken(chance), 4),
    ]
    makers, weights = zip(*kinds, strict=True)
    for make in chance.choices(makers, weights, k=count):
        yield make()


OWN = (
    "SELECT * FROM ivoa.obscore WHERE 1 = CONTAINS(POINT('ICRS', s_ra, s_dec), CIRCLE('ICRS', 150, 2, 5))",
    "SELECT obs_id, access_url FROM ivoa.obscore WHERE INTERSECTS(s_region, POLYGON(0, 0, 90, 0, 90, 90)) = 1",
    "SELECT instrument_name, COUNT(*), AVG(t_exptime) FROM ivoa.obscore GROUP BY instrument_name HAVING COUNT(*) > 1",
    "SELECT a.obs_id FROM ivoa.obscore AS a JOIN ivoa.obscore AS b ON DISTANCE(a.s_ra, a.s_dec, b.s_ra, b.s_dec) < 0.1",
    "SELECT * FROM ivoa.obscore NATURAL JOIN ivoa.obscore_hea WHERE energy_min BETWEEN 0 AND 1e4 ORDER BY 1 DESC",
    "WITH q AS (SELECT obs_id AS o, s_region AS r FROM ivoa.obscore) SELECT CENTROID(r), AREA(r) FROM q OFFSET 2",
    "SELECT TOP 10 CAST(t_min AS VARCHAR) || '/' || UPPER(target_name), IN_UNIT(em_min, 'nm') FROM ivoa.obscore",
    "SELECT table_name FROM tap_schema.tables UNION ALL SELECT column_name FROM tap_schema.columns",
    "SELECT SQRT(-1), LOG(0), 1/0, MOD(5, 0), POWER(10, 400), ACOS(7) FROM tap_schema.schemas",
    "SELECT ivo_string_agg(obs_id, ','), MAX(s_ra) FROM ivoa.obscore WHERE obs_id LIKE '%1%' OR obs_id IN ('a', 'b')",
)


def _queries() -> list[str]:
    texts = [(CORPUS / name).read_text(encoding="utf-8") for name in ("accepted.txt", "refused.txt")]
    lines = [line.strip() for text in texts for line in text.splitlines()]
    found = [line for line in lines if line.upper().startswith(("SELECT", "WITH", "("))]
    return [*found, *OWN * (2 * len(found) // len(OWN))]


def _query(chance: random.Random, queries: list[str]) -> Attack:
    text = _mutated(chance, chance.choice(queries))
    form = chance.choice(("votable", "votable/b2", "csv", "tsv", "json", "fits", "parquet", "text", "html", "odd"))
    given = {"LANG": "ADQL", "QUERY": text, "RESPONSEFORMAT": form, "MAXREC": str(chance.choice((0, 1, 50)))}
    return Attack("POST", "/tap/sync", _encoded(given), {"Content-Type": FORM})


def _mutated(chance: random.Random, text: str) -> str:
    for _ in range(chance.choice((0, 1, 1, 2, 3, 8))):
        place = chance.randrange(len(text) + 1)
        end = min(len(text), place + chance.randrange(1, 12))
        match chance.randrange(8):
            case 0:
                text = text[:place] + text[end:]
            case 1:
                text = f"{text[:place]} {chance.choice(WORDS)} {text[place:]}"
            case 2:
                text = text[:place] + text[place:end] * chance.choice((2, 3, 200)) + text[end:]
            case 3:
                text = text[:place] + chance.choice(ODD)[:60] + text[place:]
            case 4:
                text = f"SELECT * FROM ({text}) AS q{place}"
            case 5:
                text = text[:place] + "(" * chance.choice((1, 40, 3000)) + text[place:]
            case 6:
                words = text.split(" ")
                chance.shuffle(words)
                text = " ".join(words)
            case _:
                text = text[:place] + chr(chance.randrange(1, 0x3000)) + text[end:]
    return text or "SELECT"


def _parameters(chance: random.Random) -> Attack:
    path = chance.choice(PATHS)
    pairs = [("LANG", "ADQL"), ("QUERY", "SELECT TOP 1 obs_id FROM ivoa.obscore")] if "sync" in path else []
    for _ in range(chance.randrange(1, 5)):
        name = chance.choice((*NAMES, chance.choice(ODD)[:50]))
        name = "".join(chance.choice((letter.lower(), letter.upper())) for letter in name)
        value = chance.choice((*ODD, "CIRCLE 10 10", "RANGE 0 1", "POLYGON 1 2", "t,param:t", "t,http://localhost:1/x"))
        pairs.insert(chance.randrange(len(pairs) + 1), (name, value))
    text = "&".join(f"{quote(name, errors='surrogatepass')}={quote(value)}" for name, value in pairs)
    if chance.random() < 0.1:
        text = text.replace("%", chance.choice(("%", "%%", "%zz")), 1)
    if chance.random() < 0.1:
        path += "/" + quote(chance.choice(ODD)[:100], safe="")
    method = chance.choice(("GET", "GET", "GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"))
    if method in ("POST", "PUT", "PATCH"):
        kind = chance.choice((FORM, FORM, "application/json", "text/plain", "multipart/form-data; boundary=", ""))
        return Attack(method, path, text.encode(), {"Content-Type": kind})
    headers = {"Accept": chance.choice(("*/*", "text/html", "application/json", "odd", ";;;q=", "text/xml;q=2"))}
    return Attack(method, f"{path}?{text}"[:12_000], b"", headers)


def _upload(chance: random.Random) -> Attack:
    document = chance.choice((*(lambda kind=kind: _table(kind) for kind in ("td", "b", "b2")), _bomb(chance)))()
    for _ in range(chance.choice((0, 1, 1, 3, 10))):
        place = chance.randrange(len(document) + 1)
        end = min(len(document), place + chance.choice((1, 3, 20, 200)))
        document = chance.choice(
            (
                document[:place] + document[end:],
                document[:place] + bytes(chance.randrange(256) for _ in range(3)) + document[end:],
                document[:place] + document[place:end] * 3 + document[end:],
                document[:place],
            )
        )
    name = chance.choice(("t", "t", "t", "t", "T", "select", "a b", "", "é", "t;t,param:t", "x" * 300))
    query = chance.choice(
        (
            "SELECT * FROM TAP_UPLOAD.t",
            "SELECT count(*) FROM tap_upload.t JOIN ivoa.obscore ON DISTANCE(ra, dec, s_ra, s_dec) < 0.1",
            'SELECT "n ame" FROM TAP_UPLOAD.T WHERE n > 1 ORDER BY ra',
        )
    )
    parts = {"LANG": b"ADQL", "QUERY": query.encode(), "UPLOAD": f"{name},param:file".encode()}
    body = b"".join(
        b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (BOUNDARY.encode(), key.encode(), value)
        for key, value in parts.items()
    )
    body += (
        b'--%b\r\nContent-Disposition: form-data; name="file"; filename="t.vot"\r\n'
        b"Content-Type: application/x-votable+xml\r\n\r\n%b\r\n" % (BOUNDARY.encode(), document)
    )
    if chance.random() < 0.95:
        body += f"--{BOUNDARY}--\r\n".encode()
    return Attack("POST", "/tap/sync", body, {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"})


_FIELDS = (
    '<FIELD name="ra" datatype="double" unit="deg" ucd="pos.eq.ra;meta.main"/>'
    '<FIELD name="dec" datatype="double" unit="deg" ucd="pos.eq.dec;meta.main"/>'
    '<FIELD name="n" datatype="int"><VALUES null="-1"/></FIELD>'
    '<FIELD name="n ame" datatype="char" arraysize="*"/>'
)

_ROWS = [(10.5 * number, number - 4.5, number, f"row {number}") for number in range(9)]


def _table(kind: str) -> bytes:
    if kind == "td":
        rows = "".join(f"<TR>{''.join(f'<TD>{value}</TD>' for value in row)}</TR>" for row in _ROWS)
        data = f"<TABLEDATA>{rows}</TABLEDATA>"
    else:
        mask = b"\0" if kind == "b2" else b""
        stream = b"".join(
            mask + struct.pack(">ddiI", ra, dec, n, len(name)) + name.encode() for ra, dec, n, name in _ROWS
        )
        tag = "BINARY2" if kind == "b2" else "BINARY"
        data = f'<{tag}><STREAM encoding="base64">{base64.b64encode(stream).decode()}</STREAM></{tag}>'
    return _document(f"<TABLE>{_FIELDS}<DATA>{data}</DATA></TABLE>")


def _document(inner: str, before: str = "") -> bytes:
    return (
        f'<?xml version="1.0"?>{before}<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">'
        f'<RESOURCE type="results">{inner}</RESOURCE></VOTABLE>'
    ).encode()


def _bomb(chance: random.Random) -> Callable[[], bytes]:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return chance.choice(
        (
            lambda: _document("<INFO name='a' value='&l9;'/>", f'<!DOCTYPE x [<!ENTITY l0 "lol">{laughs}]>'),
            lambda: _document("&x;", '<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
            lambda: _document("<DESCRIPTION>" * 20_000),
            lambda: _document(f'<INFO name="{"a" * 300_000}" value=""/>'),
            lambda: _document("<TABLE>" + '<FIELD name="f" datatype="int"/>' * 20_000 + "</TABLE>"),
            lambda: _document(
                '<TABLE><FIELD name="a" datatype="double" arraysize="2147483647x2147483647"/><DATA><BINARY2>'
                '<STREAM encoding="base64">AAAA</STREAM></BINARY2></DATA></TABLE>'
            ),
            lambda: _document(
                '<TABLE><FIELD name="a" datatype="char" arraysize="*"/><DATA><BINARY><STREAM encoding="base64">'
                "f////w==</STREAM></BINARY></DATA></TABLE>"
            ),
            lambda: _document(
                '<TABLE><FIELD name="a" datatype="int"/><DATA><BINARY><STREAM href="file:///etc/passwd"/></BINARY>'
                "</DATA></TABLE>"
            ),
            lambda: _document(f"<TABLE>{_FIELDS}<DATA><TABLEDATA>{'<TR/>' * 50_000}</TABLEDATA></DATA></TABLE>"),
        )
    )


def _cut(chance: random.Random) -> Attack:
    query = "SELECT a.*, b.obs_id AS other FROM ivoa.obscore AS a, ivoa.obscore AS b, tap_schema.columns AS c"
    given = {"LANG": "ADQL", "QUERY": query, "MAXREC": "1000000", "RESPONSEFORMAT": chance.choice(("votable", "csv"))}
    return Attack("POST", "/tap/sync", _encoded(given), {"Content-Type": FORM}, cut=chance.choice((1, 2_000, 300_000)))


def _broken(chance: random.Random) -> Attack:
    head = b"POST /tap/sync HTTP/1.1\r\nHost: localhost\r\n"
    return Attack(
        raw=chance.choice(
            (
                head,
                head + b"Content-Length: 1000\r\n\r\nLANG=ADQL",
                head + b"Content-Length: -5\r\n\r\n",
                head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
                head + b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 20\r\n\r\n--x\r\nContent-",
                b"GET /tap/sync?QUERY=\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n",
                b"GET / HTTP/9.9\r\n\r\n",
                bytes(chance.randrange(256) for _ in range(200)),
                b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
                b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X-A: b\r\n" * 5_000 + b"\r\n",
            )
        )
    )


def _encoded(given: dict[str, str]) -> bytes:
    return urlencode(given, errors="surrogatepass").encode()
