"""The image without Docker: the Dockerfile's instructions, and its file system in a mount namespace.

The builder's instructions run as they are, with this Python in the place of the base image's; what they
leave in /opt/pagesieve then runs as the image's user, without capabilities, on a read-only system.
"""

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from pathlib import Path

from dockerfile_parse import DockerfileParser

from tests.deploy.compose import ROOT
from tests.servers.processes import MissingServerError, ServerStartError, locked, need_program

DOCKERFILE = ROOT / "deploy" / "Dockerfile"
_BUILD_SECONDS = 900.0
_CACHE = ROOT / ".cache" / "image"
_LIBRARIES = {"LD_LIBRARY_PATH": "/usr/local/lib"}  # the base image has told ldconfig of it
_PATH = "/usr/local/bin:/usr/bin:/bin"  # the base image has Python in /usr/local

# Mounts of the build: this Python as /usr/local, and a folder of the test as /opt.
_MOUNTS = 'mount --bind "$BASE" /usr/local; mount --bind "$OPT" /opt; '
# And of a container: nothing can be written but /tmp, which is empty.
_READ_ONLY = (
    "mount --bind / /; mount -o remount,ro,bind /; "
    "mount --bind /usr/local /usr/local; mount -o remount,ro,bind /usr/local; "
    "mount -o remount,ro,bind /opt; mount -t tmpfs -o mode=1777,nosuid,nodev,noexec tmpfs /tmp; "
)


@dataclass(slots=True)
class Stage:
    """One stage: its instructions in order, as name and value."""

    base: str
    name: str | None = None
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def values(self, instruction: str) -> list[str]:
        """The values of all instructions of that name."""
        return [value for name, value in self.instructions if name == instruction]

    def last(self, instruction: str) -> str:
        """The value that counts, where only one does."""
        return self.values(instruction)[-1]

    @property
    def environment(self) -> dict[str, str]:
        """What its ENV instructions set."""
        words = (word for value in self.values("ENV") for word in shlex.split(value))
        return dict(word.split("=", 1) for word in words)

    @property
    def labels(self) -> dict[str, str]:
        """What its LABEL instructions set."""
        words = (word for value in self.values("LABEL") for word in shlex.split(value))
        return dict(word.split("=", 1) for word in words)

    @property
    def health_command(self) -> list[str]:
        """The words of its health check, which must be in the exec form."""
        return list(json.loads(self.last("HEALTHCHECK").partition("CMD ")[2]))


def stages() -> list[Stage]:
    """The stages of the Dockerfile; arguments before the first are left out."""
    found: list[Stage] = []
    for item in DockerfileParser(str(DOCKERFILE)).structure:
        name, value = item["instruction"], item["value"]
        if name == "FROM":
            base, _, alias = value.partition(" AS ")
            found.append(Stage(base, alias or None))
        elif found and name != "COMMENT":
            found[-1].instructions.append((name, value))
    return found


def context_files() -> list[str]:
    """What of the repository the build may see: .dockerignore, where the last pattern that matches counts."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    rules = [(pattern[:1] == "!", _matcher(pattern.removeprefix("!"))) for pattern in patterns]
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    return [name for name in names if (ROOT / name).is_file() and _kept(name, rules)]


def _matcher(pattern: str) -> re.Pattern[str]:
    anywhere, _, rest = pattern.rpartition("**/")
    parts = "/".join(translate(part)[4:-3].replace(".*", "[^/]*") for part in rest.split("/"))
    prefix = "(?:.*/)?" if anywhere or pattern.startswith("**/") else ""
    return re.compile(f"{prefix}{parts}(?:/.*)?")


def _kept(name: str, rules: Sequence[tuple[bool, re.Pattern[str]]]) -> bool:
    kept = True
    for include, matcher in rules:
        if matcher.fullmatch(name):
            kept = include
    return kept


class Image:
    """The image. It is built once for each state of what goes into it, and kept in the cache folder.

    Raises:
        MissingServerError: the machine lacks a program, or lets nobody make mount namespaces.
        ServerStartError: an instruction failed.
    """

    def __init__(self) -> None:
        self.builder, self.final = stages()
        kept = _CACHE / _digest()
        self.opt = kept / "opt"
        with locked(_CACHE):
            if not kept.exists():
                fresh = _CACHE / "new"
                self._build(fresh)
                fresh.rename(kept)

    @property
    def environment(self) -> dict[str, str]:
        """What a container's environment holds before compose adds to it."""
        found = self.final.environment
        return {**_LIBRARIES, **found, "PATH": found["PATH"].replace("$PATH", _PATH)}

    @property
    def entrypoint(self) -> list[str]:
        """The words that every command of the image begins with."""
        return list(json.loads(self.final.last("ENTRYPOINT")))

    def command(self, words: Sequence[str], environment: Mapping[str, str]) -> list[str]:
        """The command line that runs `words` in a container: read-only but /tmp, the image's user and ENV."""
        user, _, group = self.final.last("USER").partition(":")
        identity = ["--reuid", user, "--regid", group, "--clear-groups", "--no-new-privs"]
        limits = ["--bounding-set=-all", "--inh-caps=-all", "--pdeathsig", "KILL"]
        values = {**self.environment, **environment}
        env = ["env", "--ignore-environment", *(f"{name}={value}" for name, value in values.items())]
        workdir = f"cd {shlex.quote(self.final.last('WORKDIR'))}; "
        return _in_namespace(self.opt, _READ_ONLY + workdir, ["setpriv", *identity, *limits, *env, *words])

    def _build(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        for name in ("opt", "build"):
            (folder / name).mkdir(parents=True)
        for name, value in self.builder.instructions:
            if name == "COPY":
                _copy(value.split(), folder / "build")
            elif name == "RUN":
                self._run(value, folder)

    def _run(self, line: str, folder: Path) -> None:
        environment = {**_LIBRARIES, **self.builder.environment, "PATH": _PATH, "PIP_NO_CACHE_DIR": "0"}
        environment |= {
            name: value for name, value in os.environ.items() if name == "HOME" or name[:4] == "PIP_"
        }
        env = ["env", "--ignore-environment", *(f"{name}={value}" for name, value in environment.items())]
        # All that the line starts ends with it.
        alone = ["--pid", "--fork", "--kill-child"]
        command = _in_namespace(folder / "opt", "", [*env, "/bin/sh", "-c", line], alone)
        ended = subprocess.run(
            command,
            cwd=folder / "build",
            capture_output=True,
            text=True,
            timeout=_BUILD_SECONDS,
            check=False,
        )
        if ended.returncode:
            raise ServerStartError(f"RUN {line}\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}")


def _digest() -> str:
    """Of all that goes into the image."""
    digest = hashlib.sha256(sys.version.encode())
    for path in (DOCKERFILE, *(ROOT / name for name in sorted(context_files()))):
        digest.update(f"{path}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def _copy(words: Sequence[str], folder: Path) -> None:
    *sources, target = words
    for name in context_files():
        for source in sources:
            if name == source or name.startswith(f"{source}/"):
                _copy_file(name, source, target, folder)


def _copy_file(name: str, source: str, target: str, folder: Path) -> None:
    """As COPY does: a folder's content goes into the target, a file into it."""
    inside = Path(name).relative_to(source)
    place = folder / target / (inside if inside != Path() else Path(name).name)
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / name, place)


def _in_namespace(opt: Path, more: str, words: Sequence[str], options: Sequence[str] = ()) -> list[str]:
    script = f"set -e; BASE={shlex.quote(sys.base_prefix)}; OPT={shlex.quote(str(opt))}; "
    return [*_unshare(), *options, "sh", "-c", f'{script}{_MOUNTS}{more}exec "$@"', "sh", *words]


def _unshare() -> list[str]:
    program = need_program("unshare", "Debian: util-linux")
    need_program("setpriv", "Debian: util-linux")
    need_program("tini", "Debian: tini")
    tried = subprocess.run([program, "--mount", "true"], capture_output=True, check=False)
    if tried.returncode:
        raise MissingServerError("mount namespaces need root")
    return [program, "--mount"]
