"""Page -> its characters, whatever it says of its charset.

The order of the signs is the contract's: what is certain, the byte order mark, the HTTP header, the meta tag
or XML declaration, detection. Labels mean what the Encoding Standard says (https://encoding.spec.whatwg.org/:
ISO-8859-1 is windows-1252). A sign that the bytes belie is passed over.
"""

import re
from collections.abc import Iterator

import webencodings

from worker.core.detect import (
    LATIN,
    ONE_SCRIPT,
    detect,
    mixes_scripts,
    reads_as_latin,
    reads_as_western,
    wide_charset,
)
from worker.core.records import Page, Reason, Rejected
from worker.core.sniff import binary_kind, document_kind

_HEAD = 4096  # bytes in which a declaration is looked for; the standard has 1024, and real pages need more
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_META = re.compile(rb"""<meta[\s/]((?:[^>"']|"[^"]*"|'[^']*')*+)>""", re.IGNORECASE)
_ATTRIBUTE = re.compile(rb"""([^\s=/"'>]++)\s*+=\s*+(?:"([^"]*)"|'([^']*)'|([^\s"'>]++))""")
_XML = re.compile(rb"""\s*<\?xml\s[^>]*?encoding\s*=\s*["']([^"'>]+)""")
_LABEL = re.compile(r"""charset\s*+=\s*+["']?\s*+([^\s"';,]++)""", re.IGNORECASE)

# C0 controls other than white space are never text. Those that separate become spaces, the rest goes.
_SEPARATORS = bytes.maketrans(b"\x0b\x0c\x1c\x1d\x1e\x1f", b"      ")
_CONTROLS = bytes([*range(0x09), 0x0E, 0x0F, *range(0x10, 0x1C), 0x7F])
_C0_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# C1 controls in a page are punctuation of windows-1252 that was converted as if it were ISO-8859-1.
_REPAIRS = {chr(code): bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)} | {
    "\ufffe": "",
    "\uffff": "",
}
_C1_IN_UTF8 = re.compile(rb"\xc2[\x80-\x9f]")

_PYTHON = {"gbk": "gb18030", "iso-8859-8-i": "iso8859-8", "x-user-defined": "cp1252"}


def page_text(page: Page) -> str | Rejected:
    """The characters of a page: no byte order mark, no control characters, lines ended with a line feed.

    Rejected with `not_html` (binary files, JSON, feeds), `undecodable` or `empty`. Never raises on any bytes.
    """
    kind = binary_kind(page.body)
    if kind:
        return Rejected(Reason.NOT_HTML, f"the body is {kind}")
    decoded = _characters(page)
    if decoded is None:
        return Rejected(Reason.UNDECODABLE, "no charset makes text of the body")
    text = _tidy(decoded)
    if not text or text.isspace():
        return Rejected(Reason.EMPTY, "the body is blank")
    kind = None if page.is_text else document_kind(text)
    return Rejected(Reason.NOT_HTML, f"the body is {kind}") if kind else text


def charset_of(label: str) -> str | None:
    """Python's name of the charset that a label means in the Encoding Standard; None for an unknown label."""
    if not label.isascii():
        return None
    encoding = webencodings.lookup(label)
    if encoding is None or encoding.name == "replacement":
        return None
    return _PYTHON.get(encoding.name) or str(encoding.codec_info.name)


def _characters(page: Page) -> str | None:
    certain = charset_of(page.encoding) if page.encoding else None
    if certain == "utf-8":
        text = _utf8(_without_controls(page.body), 0.5)
        if text is not None:
            return text
    wide = wide_charset(page.body)
    if wide:
        text = _wide(page.body, wide)
        if text is not None:
            return text
    if 0x1B in page.body and b"\x1b$" in page.body:
        text = _fitting(page.body, "iso2022_jp")
        if text is not None:
            return _C0_TEXT.sub("", text)
    body = _without_controls(page.body)
    removed = len(page.body) - len(body)
    if removed > 4 and removed - 4 - page.body.count(0) > len(page.body) / 50:
        return None  # binary; zeros alone are only padding, and a few of the others are dirt
    return _narrow(page, body, certain)


def _narrow(page: Page, body: bytes, certain: str | None) -> str | None:
    """The text of a charset that has ASCII at its bottom.

    Bytes that are valid UTF-8 are UTF-8: no other charset makes them by chance, and pages with the
    server's default label are common. So that is looked at before anything that is only declared.
    """
    text = _fitting(body, certain) if certain and not certain.startswith("utf-") else None
    if text is None:
        text = _utf8(body, 0.1)
    if text is not None:
        return text
    for charset in _declared(page):
        text = _utf8(body, 0.5) if charset == "utf-8" else _fitting(body, charset)
        if text is not None:
            return text
    found = detect(body)
    return _repaired(body.decode(found, "replace")) if found else None


def _declared(page: Page) -> Iterator[str]:
    """The charsets that the page declares, the stronger sign first."""
    header = _LABEL.search(page.content_type or "")
    charset = charset_of(header[1]) if header else None
    if charset and not charset.startswith("utf-16"):  # UTF-16 was looked for, and is not what these bytes are
        yield charset
    label = None if page.is_text else _declared_inside(page.body[:_HEAD])
    charset = charset_of(label) if label else None
    if charset:
        # Read as ASCII, so it cannot be UTF-16 (HTML standard, prescan a byte stream).
        yield "utf-8" if charset.startswith("utf-16") else charset


def _declared_inside(head: bytes) -> str | None:
    head = _COMMENT.sub(b"", head)
    for tag in _META.finditer(head):
        label = _meta_label(tag[1])
        if label:
            return label
    declaration = _XML.match(head)
    return str(declaration[1], "ascii", "replace") if declaration else None


def _meta_label(attributes: bytes) -> str | None:
    found: dict[bytes, str] = {
        name.lower(): (double or single or bare).decode("ascii", "replace")
        for name, double, single, bare in _ATTRIBUTE.findall(attributes)
    }
    if b"charset" in found:
        return found[b"charset"].strip()
    if found.get(b"http-equiv", "").strip().lower() != "content-type":
        return None
    label = _LABEL.search(found.get(b"content", ""))
    return label[1] if label else None


def _utf8(body: bytes, tolerance: float) -> str | None:
    """The text if it is UTF-8 with at most `tolerance` broken characters for each whole one above ASCII."""
    try:
        return _repaired_utf8(body, body.decode("utf-8"))
    except UnicodeDecodeError as error:
        near = body[error.start : error.start + 4096].decode("utf-8", "replace")
    broken = near.count("\ufffd")
    if broken > 100 and broken > _above_ascii(near) / 2:
        return None  # another charset, and decoding all of it would take its time
    text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = _above_ascii(text) - broken
    return _repaired_utf8(body, text) if broken <= tolerance * whole else None


def _fitting(body: bytes, charset: str) -> str | None:
    """The text in a charset that was declared, if the bytes do not belie it."""
    text = body.decode(charset, "replace")
    if text.count("\ufffd") > _above_ascii(text) / 50:
        return None
    if charset in LATIN and not reads_as_latin(body):
        return None
    if charset == "cp1252" and not reads_as_western(body):
        return None
    if charset in ONE_SCRIPT and mixes_scripts(body, charset):
        return None
    return _repaired(text)


def _wide(body: bytes, charset: str) -> str | None:
    text = body.decode(charset, "replace")
    strange = text.count("\ufffd") + len(_C0_TEXT.findall(text))
    return _repaired(_C0_TEXT.sub("", text)) if strange <= 2 + len(text) / 20 else None


def _above_ascii(text: str) -> int:
    return len(text) - len(text.encode("ascii", "ignore"))


def _without_controls(body: bytes) -> bytes:
    return body.translate(_SEPARATORS, _CONTROLS)


def _tidy(text: str) -> str:
    text = text.removeprefix("\ufeff")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text


def _repaired_utf8(body: bytes, text: str) -> str:
    """The same for UTF-8, where one look at the bytes tells that next to no page needs it."""
    if _C1_IN_UTF8.search(body) or "\ufffe" in text or "\uffff" in text:
        return _repaired(text)
    return text


def _repaired(text: str) -> str:
    for character, repaired in _REPAIRS.items():
        if character in text:
            text = text.replace(character, repaired)
    return text
