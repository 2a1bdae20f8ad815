"""The Dockerfile: its stages, what the image holds, and as whom it runs."""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import worker
from tests.deploy.compose import ROOT
from tests.deploy.image import DOCKERFILE, context_files, stages
from worker.environment import load_settings

pytestmark = pytest.mark.deploy

BUILDER, FINAL = stages()
RUN_LOCK = ROOT / "requirements" / "run.txt"


def test_hadolint_has_nothing_to_say() -> None:
    program = Path(sys.executable).with_name("hadolint")
    command = [str(program), "--no-color", str(DOCKERFILE)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (0, "")


def test_one_argument_chooses_python_for_both_stages() -> None:
    text = DOCKERFILE.read_text(encoding="utf-8")
    (version,) = re.findall(r"^ARG PYTHON_VERSION=(\S+)$", text, re.MULTILINE)
    assert {BUILDER.base, FINAL.base} == {"python:${PYTHON_VERSION}-slim"}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    supported = [name.rpartition(" ")[2] for name in project["classifiers"] if "Python :: 3." in name]
    assert version in supported
    # Nothing else names a version of Python, so that each of them works.
    assert re.findall(r"python3\.\d+", text) == []


def test_dependencies_come_from_the_hashed_lock_as_wheels() -> None:
    installs = [line for run in BUILDER.values("RUN") for line in run.split("&&") if " install" in line]
    locks = {shlex.split(line)[-1]: line for line in installs if "--requirement" in line}
    assert locks.keys() == {"requirements/run.txt", "requirements/build.txt"}
    assert all("--require-hashes" in line and "--only-binary :all:" in line for line in locks.values())
    # What is left is the project itself, from the wheel just made.
    (own,) = [line for line in installs if "--requirement" not in line]
    assert "--no-deps --no-index dist/*.whl" in own


@pytest.mark.parametrize("lock", ["run", "build"])
def test_the_locks_name_a_hash_for_every_package(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    packages = re.findall(r"^[a-z0-9][^ ]*==[^\n]*\\\n +--hash=sha256:[0-9a-f]{64}", text, re.MULTILINE)
    assert len(packages) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE)) > 5


def test_the_last_stage_takes_the_installed_package_and_nothing_else() -> None:
    assert FINAL.values("COPY") == ["--from=builder /opt/pagesieve /opt/pagesieve"]
    assert FINAL.values("ADD") == BUILDER.values("ADD") == []
    (run,) = FINAL.values("RUN")
    (packages,) = re.findall(r"apt-get install [^&]*", run)
    assert packages.split()[2:] == ["--yes", "--no-install-recommends", "tini"]
    assert "rm -rf /var/lib/apt/lists/*" in run
    assert re.search(r"pip uninstall [^&]*\bpip setuptools wheel\b", run)


def test_it_runs_as_nobody_special() -> None:
    user, _, group = FINAL.last("USER").partition(":")
    assert int(user) > 1000
    assert int(group) > 1000
    (run,) = FINAL.values("RUN")
    assert f"--uid {user} --gid {group}" in run
    # And the instructions that need root come before.
    names = [name for name, _ in FINAL.instructions]
    assert names.index("USER") > max(names.index("RUN"), names.index("COPY"))


def test_an_init_is_the_first_process_and_hands_signals_on() -> None:
    assert json.loads(FINAL.last("ENTRYPOINT")) == ["/usr/bin/tini", "--", "pagesieve"]
    assert json.loads(FINAL.last("CMD")) == ["run"]
    assert FINAL.last("STOPSIGNAL") == "SIGTERM"


def test_its_own_settings_are_settings() -> None:
    environment = FINAL.environment
    settings = load_settings(environment)
    assert settings.http_host == "0.0.0.0"
    assert FINAL.values("EXPOSE") == [str(settings.http_port)]


def test_the_health_check_asks_livez_with_what_the_image_has() -> None:
    program, *words = FINAL.health_command
    assert program == "python"
    assert "/livez" in words[-1]
    compile(words[-1], "HEALTHCHECK", "exec")
    assert "--start-period=" in FINAL.last("HEALTHCHECK")


def test_the_labels_are_those_of_the_image_specification() -> None:
    labels = {name.removeprefix("org.opencontainers.image."): value for name, value in FINAL.labels.items()}
    assert labels.keys() == {"title", "description", "licenses", "version", "revision", "created"}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert labels["title"] == project["name"]
    assert labels["description"] == project["description"]
    assert labels["licenses"] == project["license"]
    assert f"VERSION={worker.__version__}" in FINAL.values("ARG")


def test_the_build_sees_what_it_copies_and_nothing_else() -> None:
    sources = {word for value in BUILDER.values("COPY") for word in value.split()[:-1]}
    seen = context_files()
    for source in sources:
        assert any(name == source or name.startswith(f"{source}/") for name in seen), source
    for name in seen:
        assert any(name == source or name.startswith(f"{source}/") for source in sources), name
    assert "worker/article.schema.json" in seen
    assert not any("__pycache__" in name or name.startswith((".env", "tests", ".git")) for name in seen)
