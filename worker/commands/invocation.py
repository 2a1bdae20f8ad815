"""What every command begins and ends with: settings from flags and environment, failures as exit codes."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import typer

from worker.commands.failures import CommandError
from worker.environment import SettingsError, load_settings
from worker.pipeline.ports import StreamMisconfigured, StreamUnavailable
from worker.secretfiles import belongs_in_file, forget_secrets
from worker.settings import PREFIX, Settings


def settings_of(more: list[str] | None, **flags: Any) -> Settings:
    """The settings of a command: its flags and `--set` before the environment, which forgets its secrets.

    Raises:
        CommandError: a name that is none, or a secret on the command line.
        SettingsError: as `load_settings`.
    """
    values = dict(flags)
    for item in more or ():
        name, equals, value = item.partition("=")
        name = name.strip().removeprefix(PREFIX).lower()
        if not equals or name not in Settings.model_fields:
            raise CommandError(64, f"--set {name}: not of the form NAME=VALUE with the name of a setting")
        values[name] = value
    _refuse_secrets(values)
    settings = load_settings(os.environ, **values)
    forget_secrets(os.environ, PREFIX)
    return settings


def _refuse_secrets(flags: Mapping[str, Any]) -> None:
    """Every user of the machine can read the command line of every process."""
    for name, value in flags.items():
        if value is not None and belongs_in_file(name, str(value)):
            setting = PREFIX + name.upper()
            raise CommandError(64, f"{name}: no secret on the command line; set {setting} or {setting}_FILE")


@contextmanager
def failures() -> Iterator[None]:
    """Turn what a user can mend into lines on stderr and an exit code; a bug keeps its traceback."""
    try:
        yield
    except SettingsError as error:
        for problem in error.problems:
            typer.echo(f"pagesieve: {problem}", err=True)
        raise typer.Exit(78) from None
    except CommandError as error:
        typer.echo(f"pagesieve: {error}", err=True)
        raise typer.Exit(error.exit_code) from None
    except StreamUnavailable as error:
        typer.echo(f"pagesieve: {error}", err=True)
        raise typer.Exit(78 if isinstance(error, StreamMisconfigured) else 69) from None
    except BrokenPipeError:
        # the reader of our output is gone; Python would complain again when it flushes
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
