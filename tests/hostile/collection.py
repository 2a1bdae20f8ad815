"""Every hostile page there is."""

from itertools import chain

from tests.hostile import baitpages, encodings, files, jsonbombs, limits, markup
from tests.hostile.case import HostileCase

_MODULES = (markup, limits, encodings, files, jsonbombs, baitpages)


def hostile_cases() -> list[HostileCase]:
    """All cases, none made yet: each builds its value when asked."""
    return list(chain.from_iterable(module.cases() for module in _MODULES))
