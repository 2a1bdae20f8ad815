"""The command line, called as a user calls it, within the process of the tests."""

import os
import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from tests.integration.workers import clean_environment
from worker.cli import main


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


Command = Callable[..., Ended]


@pytest.fixture
def pagesieve(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """`pagesieve(*words, **settings)`; the settings as `--set` gives them."""
    for name in os.environ.keys() - clean_environment().keys():
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "250")

    def call(*words: object, **settings: object) -> Ended:
        more = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
        monkeypatch.setattr(sys, "argv", ["pagesieve", *map(str, words), *more])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return Ended(int(ended.value.code or 0), *capsys.readouterr())

    return call
