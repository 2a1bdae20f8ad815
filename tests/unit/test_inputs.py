"""Pages from files, folders, JSON lines and WARC archives."""

import base64
import gzip
import io
import os
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson
import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from worker.commands.inputs import MAX_BODY, InputError, RawPage, read_lines, read_paths
from worker.core.decode import decode_message
from worker.core.options import CleanOptions
from worker.core.records import Envelope, Page

HTML = "<html><body><p>قال الحارس إن السفن مرّت قبل الفطور.</p></body></html>".encode()
BROTLI = base64.b64decode(  # of HTML
    "G2EA+J0JdiwHpFSY4wE1djaISyi3hZw3fsNqCXIgGJ4F6wUueXyym5BCSFJKuwLMPybxYpBrO5GG5IHNnHpIpqhXcdvt/UEq/BafEQ=="
)
URL = "https://news.example/a/1"


def read(*paths: Path) -> list[RawPage]:
    return list(read_paths(paths))


def page_of(raw: RawPage) -> Page:
    """The page that the worker makes of it."""
    envelope = decode_message(raw.value, raw.key, raw.headers, CleanOptions())
    assert isinstance(envelope, Envelope), envelope
    return envelope.page


def write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("name", "content_type", "is_text"),
    [
        ("a.html", "text/html", False),
        ("a.HTM", "text/html", False),
        ("a.b.xhtml", "application/xhtml+xml", False),
        ("a.txt", "text/plain", True),
    ],
)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
def test_a_file_is_a_page(tmp_path: Path, name: str, content_type: str, is_text: bool, packed: bool) -> None:
    body = b"A line of text.\n" if is_text else HTML
    path = write(tmp_path / (name + ".gz" * packed), gzip.compress(body) if packed else body)
    (raw,) = read(path)
    assert (raw.name, raw.key) == (str(path), str(path).encode())
    page = page_of(raw)
    assert (page.body, page.content_type, page.is_text, page.url) == (body, content_type, is_text, None)


def test_a_folder_gives_what_is_below_it_in_name_order(tmp_path: Path) -> None:
    names = ["b/2.html", "a.html", "b/1.txt", "c.jsonl", "b/c/d/3.htm.gz"]
    for name in names:
        body = b'{"url": "https://a.example/", "text": "x"}\n' if "jsonl" in name else b"<p>x"
        write(tmp_path / name, gzip.compress(body) if name.endswith("gz") else body)
    for other in ("b/picture.jpeg", "README", ".hidden", "b/archive.tar.gz"):
        write(tmp_path / other, b"not a page")
    found = [Path(raw.name).relative_to(tmp_path) for raw in read(tmp_path)]
    assert [str(path) for path in found] == ["a.html", "b/1.txt", "b/2.html", "b/c/d/3.htm.gz", "c.jsonl:1"]


def test_paths_are_read_in_the_order_given(tmp_path: Path) -> None:
    paths = [write(tmp_path / name, b"<p>x") for name in ("2.html", "1.html", "3.html")]
    assert [raw.name for raw in read(*paths)] == [str(path) for path in paths]


def test_a_json_line_is_a_page_and_its_url_the_key() -> None:
    lines = [
        b'{"url": "https://a.example/\xd8\xa3", "html": "<p>x"}\n',
        b"\n",
        b"  \r\n",
        b'  {"html": "<p>y"} \r\n',
        b'{"url": 5, "html": "<p>z"}',
        b"no json",
        b"[1]",
    ]
    pages = list(read_lines(lines, "stdin"))
    assert [page.name for page in pages] == [f"stdin:{n}" for n in (1, 4, 5, 6, 7)]
    assert [page.key for page in pages] == ["https://a.example/أ".encode(), None, None, None, None]
    assert pages[1].value == b'{"html": "<p>y"}'
    assert page_of(pages[0]).url == "https://a.example/أ"


def test_a_file_of_json_lines(tmp_path: Path) -> None:
    rows = [{"url": f"{URL}?{n}", "html": "<p>x"} for n in range(3)]
    data = b"".join(orjson.dumps(row) + b"\n" for row in rows)
    plain = write(tmp_path / "pages.jsonl", data)
    packed = write(tmp_path / "pages.ndjson.gz", gzip.compress(data))
    assert [raw.key for raw in read(plain)] == [row["url"].encode() for row in rows]
    assert [raw.value for raw in read(plain)] == [raw.value for raw in read(packed)]


Encode = Callable[[bytes], bytes]


def warc(
    pages: Sequence[tuple[str, bytes]],
    *,
    gz: bool = True,
    status: str = "200 OK",
    headers: Sequence[tuple[str, str]] = (("Content-Type", "text/html; charset=utf-8"),),
) -> bytes:
    """An archive as crawlers write it: an information record, and of each page its request and response."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=gz)
    writer.write_record(writer.create_warcinfo_record("test.warc", {"software": "test"}))
    for url, body in pages:
        asked = StatusAndHeaders("GET / HTTP/1.1", [("Host", "a.example")], is_http_request=True)
        writer.write_record(writer.create_warc_record(url, "request", http_headers=asked))
        answered = StatusAndHeaders(status, list(headers), protocol="HTTP/1.1")
        writer.write_record(
            writer.create_warc_record(
                url,
                "response",
                payload=io.BytesIO(body),
                http_headers=answered,
                warc_headers_dict={"WARC-Date": "2024-05-01T10:20:30Z"},
            )
        )
    return out.getvalue()


@pytest.mark.parametrize("gz", [False, True], ids=["plain", "gz"])
def test_an_archive_gives_its_responses(tmp_path: Path, gz: bool) -> None:
    pages = [(f"{URL}?{n}", HTML + b"<!-- %d -->" % n) for n in range(3)]
    path = write(tmp_path / ("a.warc.gz" if gz else "a.warc"), warc(pages, gz=gz))
    found = read(path)
    assert [(raw.key, raw.value) for raw in found] == [(url.encode(), body) for url, body in pages]
    assert len({raw.name for raw in found}) == 3
    envelope = decode_message(found[0].value, found[0].key, found[0].headers, CleanOptions())
    assert isinstance(envelope, Envelope)
    assert envelope.page.url == f"{URL}?0"
    assert envelope.page.content_type == "text/html; charset=utf-8"
    assert envelope.fetched_at == "2024-05-01T10:20:30+00:00"
    assert envelope.http_status == 200


def test_the_status_of_a_response_is_told(tmp_path: Path) -> None:
    (raw,) = read(write(tmp_path / "a.warc.gz", warc([(URL, HTML)], status="404 Not Found")))
    assert ("http-status", b"404") in raw.headers


def test_a_response_that_is_no_page_of_the_web_is_passed_over(tmp_path: Path) -> None:
    data = warc([("dns:a.example", b"127.0.0.1"), ("ftp://a.example/x", b"x"), (URL, HTML)])
    assert [raw.key for raw in read(write(tmp_path / "a.warc.gz", data))] == [URL.encode()]


def chunked(body: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:40], body[40:])) + b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("headers", "encode"),
    [
        ({"Transfer-Encoding": "chunked"}, chunked),
        ({"Content-Encoding": "gzip"}, gzip.compress),
        ({"Content-Encoding": "deflate"}, zlib.compress),
        ({"Content-Encoding": "br"}, lambda _body: BROTLI),
        (
            {"Transfer-Encoding": "chunked", "Content-Encoding": "gzip"},
            lambda body: chunked(gzip.compress(body)),
        ),
    ],
    ids=lambda value: " ".join(value.values()) if isinstance(value, dict) else "",
)
def test_a_body_as_it_went_over_the_wire_is_decoded(
    tmp_path: Path, headers: dict[str, str], encode: Encode
) -> None:
    sent = [("Content-Type", "text/html"), *headers.items()]
    (raw,) = read(write(tmp_path / "a.warc.gz", warc([(URL, encode(HTML))], headers=sent)))
    assert raw.value == HTML


@pytest.mark.parametrize(
    ("headers", "encode"),
    [
        ({"Transfer-Encoding": "chunked"}, bytes),
        ({"Content-Encoding": "gzip"}, bytes),
        ({"Content-Encoding": "x-unheard-of"}, bytes),
        ({"Transfer-Encoding": "chunked", "Content-Encoding": "gzip"}, bytes),
        ({"Transfer-Encoding": "chunked", "Content-Encoding": "gzip"}, gzip.compress),
        ({"Transfer-Encoding": "chunked", "Content-Encoding": "gzip"}, chunked),
    ],
)
def test_a_body_that_the_crawler_has_decoded_already(
    tmp_path: Path, headers: dict[str, str], encode: Encode
) -> None:
    sent = [("Content-Type", "text/html"), *headers.items()]
    path = write(tmp_path / "a.warc.gz", warc([(URL, encode(HTML)), (URL, encode(HTML))], headers=sent))
    assert [raw.value for raw in read(path)] == [HTML, HTML]


def test_a_body_that_grows_without_end_is_not_unpacked_whole(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(MAX_BODY + 1_000_000), 1)
    path = write(tmp_path / "a.warc.gz", warc([(URL, bomb)], headers=[("Content-Encoding", "gzip")]))
    (raw,) = read(path)
    assert len(raw.value) == MAX_BODY


PAGES = [(f"{URL}?{n}", HTML * 20 + os.urandom(500)) for n in range(3)]


def cut(data: bytes) -> bytes:
    return data[: -len(data) // 6]


def spoil(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + b"\x00" * 60 + data[middle + 60 :]


def lines() -> bytes:
    rows = [{"url": url, "html": os.urandom(2000).hex()} for url, _ in PAGES]
    return b"\n".join(map(orjson.dumps, rows))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("cut.warc", cut(warc(PAGES, gz=False))),
        ("cut.warc.gz", cut(warc(PAGES))),
        ("spoiled.warc.gz", spoil(warc(PAGES))),
        ("garbage.warc", b"garbage " * 100),
        ("garbage.warc.gz", b"garbage " * 100),
        ("cut.html.gz", cut(gzip.compress(PAGES[0][1]))),
        ("spoiled.html.gz", spoil(gzip.compress(PAGES[0][1]))),
        ("not.html.gz", HTML),
        ("cut.jsonl.gz", cut(gzip.compress(lines()))),
        ("spoiled.jsonl.gz", spoil(gzip.compress(lines()))),
    ],
)
def test_a_damaged_file_is_told_of_by_its_name(tmp_path: Path, name: str, data: bytes) -> None:
    path = write(tmp_path / name, data)
    with pytest.raises(InputError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 65


def test_what_comes_before_the_damage_is_read(tmp_path: Path) -> None:
    found = read_paths([write(tmp_path / "a.warc", cut(warc(PAGES, gz=False)))])
    assert [next(found).value, next(found).value] == [body for _, body in PAGES[:2]]
    with pytest.raises(InputError, match="ends after"):
        next(found)


@pytest.mark.parametrize("name", ["gone.html", "gone.warc.gz", "gone", "gone/"])
def test_a_path_that_is_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"gone[^ ]*: No such file or directory"):
        read(tmp_path / name)


@pytest.mark.parametrize("name", ["a.jpeg", "a", ".html", "a.tar.gz", "a.gz"])
def test_a_file_of_another_kind(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"not a kind of file that holds pages \(known: \.htm, "):
        read(write(tmp_path / name, b"<p>x"))


@pytest.mark.parametrize("name", ["a.html", "a.txt", "a.jsonl", "a.warc", "a.warc.gz", "a.html.gz"])
def test_an_empty_file_is_no_error(tmp_path: Path, name: str) -> None:
    found = read(write(tmp_path / name, b""))
    assert [raw.value for raw in found] == ([b""] if "html" in name or "txt" in name else [])


def test_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xe0.html"))
    write(path, HTML)
    (raw,) = read(path)
    assert raw.key == os.fsencode(path)
    raw.name.encode()  # it can be printed
