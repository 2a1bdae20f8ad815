"""One hostile message: how to make it, and the pieces of page that all of them are made of."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from worker.core.options import CleanOptions
from worker.pipeline.ports import Headers

LIMIT = CleanOptions().max_page_bytes
HOST = "https://hostile.example"
SENTENCE = (
    "The lighthouse keeper counted the ships that passed before breakfast, wrote the number on a slate "
    "and hung the slate in the window, where the harbour could read it through a telescope."
)
ARABIC = (
    "عدّ حارس المنارة السفن التي مرت قبل الفطور، وكتب العدد على لوح، ثم علّق اللوح في النافذة "
    "حيث يستطيع أهل الميناء أن يقرؤوه بالمنظار في كل صباح."
)
TITLE = "The slate in the window"
PARAGRAPHS = "".join(f"<p>{SENTENCE} Slate {number}.</p>\n" for number in range(6))
ARTICLE = f"<article><h1>{TITLE}</h1>\n{PARAGRAPHS}</article>"


@dataclass(frozen=True, slots=True)
class HostileCase:
    """A message that a worker must survive. `make` builds its value, which may have tens of megabytes."""

    name: str
    make: Callable[[], bytes]
    headers: Headers = field(default=())

    @property
    def key(self) -> bytes:
        """The key of its message: its URL."""
        return f"{HOST}/{self.name}".encode()


Cases = Iterator[HostileCase]


def raw(name: str, make: Callable[[], bytes], content_type: str = "text/html; charset=utf-8") -> HostileCase:
    """A page as its own bytes."""
    headers = (
        ("pagesieve-format", b"raw"),
        ("url", f"{HOST}/{name}".encode()),
        ("content-type", content_type.encode()),
    )
    return HostileCase(name, make, headers)


def page(name: str, make: Callable[[], str], content_type: str = "text/html; charset=utf-8") -> HostileCase:
    """A page of characters, as UTF-8."""
    return raw(name, lambda: make().encode("utf-8", "surrogatepass"), content_type)


def text(name: str, make: Callable[[], str]) -> HostileCase:
    """Plain text, as UTF-8."""
    return page(name, make, "text/plain; charset=utf-8")


def envelope(name: str, make: Callable[[], bytes], form: str = "json") -> HostileCase:
    """A message in an envelope."""
    return HostileCase(name, make, (("pagesieve-format", form.encode()),))


def document(body: str, head: str = f"<title>{TITLE}</title>") -> str:
    """A whole page."""
    return f"<!DOCTYPE html><html lang='en'><head>{head}</head><body>{body}</body></html>"


def filled(piece: str, size: int = LIMIT - 100_000) -> str:
    """As many copies of a piece as fit in so many bytes."""
    return piece * (size // len(piece.encode("utf-8", "surrogatepass")))
