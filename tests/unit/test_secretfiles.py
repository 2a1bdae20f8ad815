"""Secrets: from files, off command lines, out of the environment of children, and in no text."""

import pickle
from pathlib import Path

import pytest

from tests.integration.conftest import Command, pagesieve  # noqa: F401 - the fixture
from worker.environment import SettingsError, load_settings
from worker.secretfiles import SECRETS, belongs_in_file, forget_secrets
from worker.settings import PREFIX, Settings

WORD = "do-not-tell"


def problems(environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        load_settings(environ)
    assert WORD not in repr(raised.value)
    return raised.value.problems


def test_every_secret_among_the_settings_is_known_as_one() -> None:
    typed = {name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}
    assert typed == set(SECRETS)
    named = {
        name for name in Settings.model_fields if "password" in name or "secret" in name or "url" in name
    }
    assert named <= typed


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("written", [f"{WORD}", f"{WORD}\n", f"{WORD}\r\n"])
def test_a_secret_comes_from_a_file(secret: str, written: str, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(written.encode())
    settings = load_settings({f"{PREFIX}{secret.upper()}_FILE": str(path)})
    assert getattr(settings, secret).get_secret_value() == WORD


def test_spaces_belong_to_the_secret(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(" a word \n")
    settings = load_settings({"PAGESIEVE_REDIS_PASSWORD_FILE": str(path)})
    assert settings.redis_password is not None
    assert settings.redis_password.get_secret_value() == " a word "


@pytest.mark.parametrize("secret", SECRETS)
def test_no_text_of_the_settings_shows_it(secret: str) -> None:
    settings = load_settings({f"{PREFIX}{secret.upper()}": WORD})
    assert getattr(settings, secret).get_secret_value() == WORD
    for text in (
        repr(settings),
        str(settings),
        f"{settings}",
        settings.model_dump_json(),
        str(dict(settings)),
    ):
        assert WORD not in text
    assert pickle.loads(pickle.dumps(settings)) == settings


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"\n", "is empty"),
        (b"\xff\xfe", "holds no text"),
    ],
)
def test_a_file_that_holds_none_is_told(content: bytes | None, told: str, tmp_path: Path) -> None:
    path = tmp_path / WORD
    if content is not None:
        path.write_bytes(content)
    (problem,) = problems({"PAGESIEVE_REDIS_PASSWORD_FILE": str(path)})
    assert problem.startswith("PAGESIEVE_REDIS_PASSWORD_FILE: the file that it names ")
    assert told in problem


def test_a_secret_in_place_of_its_file_is_not_shown() -> None:
    for misplaced in (WORD, f"{WORD}\0", WORD * 1000):
        (problem,) = problems({"PAGESIEVE_KAFKA_SASL_PASSWORD_FILE": misplaced})
        assert "KAFKA_SASL_PASSWORD_FILE" in problem


def test_a_secret_given_twice_is_an_error_in_any_order(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(WORD)
    both = {"PAGESIEVE_REDIS_URL": f"redis://:{WORD}@h", "PAGESIEVE_REDIS_URL_FILE": str(tmp_path / "secret")}
    for environ in (both, dict(reversed(both.items()))):
        assert problems(environ) == [
            "PAGESIEVE_REDIS_URL and PAGESIEVE_REDIS_URL_FILE are both set: one of them is enough"
        ]


def test_other_settings_have_no_file() -> None:
    (problem,) = problems({"PAGESIEVE_RAW_TOPIC_FILE": WORD})
    assert "no such setting" in problem


def test_bad_values_beside_a_secret_do_not_show_it() -> None:
    told = problems(
        {"PAGESIEVE_REDIS_PASSWORD": WORD, "PAGESIEVE_CHILDREN": "many", "PAGESIEVE_NOTHING": WORD}
    )
    assert len(told) == 2


def test_secrets_are_taken_out_of_the_environment() -> None:
    environ = {"PAGESIEVE_REDIS_URL": WORD, "PAGESIEVE_RAW_TOPIC": "pages", "PATH": "/bin"}
    forget_secrets(environ, PREFIX)
    assert environ == {"PAGESIEVE_RAW_TOPIC": "pages", "PATH": "/bin"}


@pytest.mark.parametrize(
    ("setting", "value", "held"),
    [
        ("redis_url", "redis://localhost:6379/0", False),
        ("redis_url", "unix:///run/redis.sock", False),
        ("redis_url", f"redis://:{WORD}@localhost", True),
        ("redis_url", f"redis://localhost?password={WORD}", True),
        ("redis_password", "", True),
        ("raw_topic", "a@b", False),
    ],
)
def test_what_belongs_in_a_file(setting: str, value: str, held: bool) -> None:
    assert belongs_in_file(setting, value) is held


@pytest.mark.parametrize(
    "words",
    [
        ("--set", f"kafka_sasl_password={WORD}"),
        ("--set", f"PAGESIEVE_REDIS_PASSWORD={WORD}"),
        ("--redis-url", f"redis://:{WORD}@localhost"),
        ("--set", f"kafka_sasl_pasword={WORD}"),
    ],
)
def test_no_secret_on_a_command_line(pagesieve: Command, words: tuple[str, str]) -> None:  # noqa: F811
    ended = pagesieve("check", *words)
    assert ended.code == 64
    assert WORD not in ended.err + ended.out
