"""The corpora of a folder: pages with what is known of their articles, and the scores of an output.

The folder brings its own `pages.py` (load) and `metrics.py` (score_page, aggregate, Reference, tokens).
"""

import importlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tld import get_fld

CORPORA = ("arabic", "world", "scrapinghub", "fundus", "newspaper", "waddle", "evaldata", "wordpress")


@dataclass(frozen=True)
class Corpora:
    """What the folder offers."""

    load: Callable[[str], Sequence[Any]]  # name -> documents with id, url, html, gold, segments
    metrics: Any


def open_corpora(folder: Path) -> Corpora:
    """The corpora of a folder.

    Raises:
        FileNotFoundError: the folder is none of that kind.
    """
    for name in ("pages.py", "metrics.py"):
        if not (folder / name).is_file():
            raise FileNotFoundError(f"{folder / name}: the corpora bring it")
    sys.path.insert(0, str(folder))
    return Corpora(importlib.import_module("pages").load, importlib.import_module("metrics"))


def site_of(url: str) -> str:
    """The registrable domain of a URL: pages of one site never stand on both sides of a fold."""
    return get_fld(url, fail_silently=True, fix_protocol=True) or urlsplit(url).hostname or url


def body_of(document: Any) -> bytes:
    """A document's page as fetched."""
    html: str | bytes = document.html
    return html.encode("utf-8", "surrogatepass") if isinstance(html, str) else html
