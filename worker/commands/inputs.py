"""Pages from files, folders, JSON lines and WARC archives, as messages of the raw topic."""

import errno
import gzip
import io
import os
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import orjson
from fastwarc.warc import ArchiveIterator, HeaderMap, WarcRecord, WarcRecordType

from worker.commands.failures import CommandError
from worker.pipeline.ports import Headers

PAGE_TYPES = {
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "application/xhtml+xml",
    ".txt": "text/plain",
}
LINES = frozenset({".jsonl", ".ndjson"})
WARC = frozenset({".warc"})

MAX_BODY = 64 * 1024 * 1024  # bytes of a response; more than any message takes, so the rest is left

_BUFFER = 1024 * 1024


class InputError(CommandError):
    """A file that cannot be read."""

    def __init__(self, message: str):
        super().__init__(65, message)


@dataclass(frozen=True, slots=True)
class RawPage:
    """A page as a message: what `load` publishes, and what `clean` decodes."""

    name: str  # where it came from: a path, or a path and line
    key: bytes | None
    value: bytes
    headers: Headers


def read_paths(paths: Iterable[Path]) -> Iterator[RawPage]:
    """The pages of files and, in name order, of folders and all below them.

    Raises:
        InputError: a path that is not there, of a kind that is not known, or that cannot be read.
    """
    for path in paths:
        if path.is_dir():
            for file in sorted(p for p in path.rglob("*") if p.is_file() and _kind(p) in _READERS):
                yield from _read(file)
        else:
            yield from _read(path)


def read_lines(lines: Iterable[bytes], name: str) -> Iterator[RawPage]:
    """A page a JSON line; blank lines are passed over. What a line holds is checked where it is decoded."""
    for number, line in enumerate(lines, 1):
        stripped = line.strip()
        if stripped:
            url = _url_of(stripped)
            key = url.encode() if url else None
            yield RawPage(f"{name}:{number}", key, stripped, (("pagesieve-format", b"json"),))


def _url_of(line: bytes) -> str | None:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    url = row.get("url") if isinstance(row, dict) else None
    return url if isinstance(url, str) else None


def _kind(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def _read(path: Path) -> Iterator[RawPage]:
    reader = _READERS.get(_kind(path))
    if not path.exists():
        raise InputError(f"{path}: {os.strerror(errno.ENOENT)}")
    if reader is None:
        known = ", ".join(sorted(_READERS))
        raise InputError(f"{path}: not a kind of file that holds pages (known: {known}, each also as .gz)")
    try:
        yield from reader(path)
    except OSError as error:
        raise InputError(f"{path}: {os.strerror(error.errno) if error.errno else error}") from error
    except (EOFError, zlib.error) as error:
        raise InputError(f"{path}: the file is damaged ({error})") from error


def _open(path: Path) -> io.BufferedIOBase:
    if path.suffix.lower() != ".gz":
        return path.open("rb")
    return io.BufferedReader(gzip.open(path, "rb"), _BUFFER)


def _printable(path: Path) -> str:
    """The path as text; a byte that is no UTF-8 shows as `\\xff`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _read_page(path: Path) -> Iterator[RawPage]:
    with _open(path) as file:
        body = file.read()
    content_type = PAGE_TYPES[_kind(path)].encode()
    headers = (("pagesieve-format", b"raw"), ("content-type", content_type))
    yield RawPage(_printable(path), os.fsencode(path), body, headers)


def _read_json_lines(path: Path) -> Iterator[RawPage]:
    with _open(path) as file:
        yield from read_lines(file, _printable(path))


def _read_warc(path: Path) -> Iterator[RawPage]:
    # Opened as gzip here: fastwarc takes an archive that was cut short for one that ends there.
    with _open(path) as file:
        records = ArchiveIterator(file, record_types=WarcRecordType.response, parse_http=False)
        for number, record in enumerate(records, 1):
            page = _warc_page(record, f"{_printable(path)}:{number}")
            if page is not None:
                yield page


def _warc_page(record: WarcRecord, name: str) -> RawPage | None:
    url = (record.headers.get("WARC-Target-URI") or "").strip("<>")
    if not record.is_http or not url.startswith(("http://", "https://")):
        return None  # a DNS look-up, or a resource that no HTTP response wraps
    size = record.content_length
    block = record.reader.read()
    if len(block) < size:
        raise EOFError(f"record {name.rpartition(':')[2]} ends after {len(block)} of {size} bytes")
    http, body = _http_response(block)
    headers: list[tuple[str, bytes]] = [("pagesieve-format", b"raw"), ("url", url.encode())]
    if http.status_code:
        headers.append(("http-status", str(http.status_code).encode()))
    content_type = http.get("Content-Type")
    if content_type:
        headers.append(("content-type", content_type.encode("utf-8", "replace")))
    date = record.headers.get("WARC-Date")
    if date:
        headers.append(("fetched-at", date.encode()))
    return RawPage(name, url.encode(), body, tuple(headers))


def _http_response(block: bytes) -> tuple[HeaderMap, bytes]:
    """The headers and the body of a response, without its transfer and content encodings.

    Some crawlers store the body decoded and leave the headers as they were: what cannot be decoded is
    taken as it is.
    """
    for decode in ("all", "transfer", "content"):
        try:
            return _parsed(block, decode)
        except OSError:
            continue
    return _parsed(block, "none")


def _parsed(block: bytes, decode: Literal["all", "transfer", "content", "none"]) -> tuple[HeaderMap, bytes]:
    response = WarcRecord()
    response.is_http = True
    response.set_bytes_content(block)
    response.parse_http(auto_decode=decode)
    return response.http_headers, response.reader.read(MAX_BODY)


_READERS = {
    **dict.fromkeys(PAGE_TYPES, _read_page),
    **dict.fromkeys(LINES, _read_json_lines),
    **dict.fromkeys(WARC, _read_warc),
}
