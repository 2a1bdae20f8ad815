"""The sample pages that ship with the package: news pages of many languages and site systems.

They are invented pages in the markup of real site systems; `worker/samples/<case>/` holds the page as it
would be fetched, and `expected.json` what cleaning must find in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import orjson

from worker.pipeline.ports import Headers


@dataclass(frozen=True, slots=True)
class SampleCase:
    """A page as a crawler would store it; `expected` has fields of its article, and `about`, a line on it."""

    name: str
    url: str
    content_type: str
    body: bytes
    expected: Mapping[str, Any]

    def headers(self, url: str | None = None) -> Headers:
        """The headers of its message in the form `raw`, under another URL if one is given."""
        return (
            ("pagesieve-format", b"raw"),
            ("url", (url or self.url).encode()),
            ("content-type", self.content_type.encode()),
        )


def sample_cases() -> Sequence[SampleCase]:
    """Every sample page, in name order."""
    folders = [folder for folder in (files("worker") / "samples").iterdir() if folder.is_dir()]
    return [_read(folder) for folder in sorted(folders, key=lambda folder: folder.name)]


def _read(folder: Traversable) -> SampleCase:
    page = next(file for file in folder.iterdir() if file.name.startswith("page."))
    told = orjson.loads((folder / "expected.json").read_bytes())
    url, content_type = told.pop("url"), told.pop("content_type")
    return SampleCase(folder.name, url, content_type, page.read_bytes(), told)
