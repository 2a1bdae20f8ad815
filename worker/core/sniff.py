"""What a body is by its first bytes or characters, where that is not a page (WHATWG, MIME Sniffing)."""

import re

import orjson

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "compressed with gzip: publish the page decompressed"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd: publish the page decompressed"),
    (b"%PDF-", "a PDF document"),
    (b"%!PS", "a PostScript document"),
    (b"{\\rtf", "an RTF document"),
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "a zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"BZh91AY&SY", "a bzip2 archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Office document"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"ID3", "an MP3 file"),
    (b"OggS\x00", "an Ogg file"),
    (b"fLaC\x00", "a FLAC file"),
    (b"\x1aE\xdf\xa3", "a WebM file"),
    (b"wOFF", "a font"),
    (b"wOF2", "a font"),
    (b"\x7fELF", "a program"),
    (b"\x00asm", "a program"),
)
_RIFF = {b"WEBP": "a WebP image", b"WAVE": "a WAVE file", b"AVI ": "an AVI file"}

# What may stand before a document's first element. Atomic, or many comments would take exponential time.
_ROOT = re.compile(
    r"(?>\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*>)*+<(rss|feed|rdf:RDF|urlset|sitemapindex|opml|svg)[\s>]",
    re.DOTALL | re.IGNORECASE,
)
_ROOTS = {
    "rss": "an RSS feed",
    "feed": "an Atom feed",
    "rdf:rdf": "an RSS feed",
    "urlset": "a sitemap",
    "sitemapindex": "a sitemap",
    "opml": "an OPML outline",
    "svg": "an SVG image",
}
_HTML_START = re.compile(rb"\s*<(?:!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE)


def binary_kind(body: bytes) -> str | None:
    """What binary file the bytes are by their magic number, in words; None when none is known."""
    for magic, kind in _MAGIC:
        if body.startswith(magic):
            return kind
    if body.startswith(b"RIFF"):
        return _RIFF.get(body[8:12])
    return "a video or image" if body[4:8] == b"ftyp" else None


def document_kind(text: str) -> str | None:
    """What other document the text is (JSON, a feed, a sitemap), in words; None when it may be a page."""
    start = text[:4096].lstrip()
    if start.startswith(("{", "[")):
        return "a JSON document" if _is_json(text) else None
    match = _ROOT.match(start)
    return _ROOTS[match[1].lower()] if match else None


def starts_as_html(body: bytes) -> bool:
    """True for bytes that begin as HTML does, whatever their Content-Type says."""
    return _HTML_START.match(body, 0, 512) is not None


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except ValueError:
        return False
    return True
