"""The settings that are secrets: read from files, kept out of child processes and off command lines."""

from collections.abc import MutableMapping
from pathlib import Path

# Each may be given as a file: PAGESIEVE_<NAME>_FILE. A URL may hold a password.
SECRETS = (
    "kafka_sasl_password",
    "kafka_ssl_key_password",
    "redis_password",
    "redis_ssl_key_password",
    "redis_url",
)


def read_secret(path: str) -> str:
    """The secret that a file holds; the ends of lines after it do not count.

    Raises:
        ValueError: there is none to be read. The text tells why, and neither the path nor what is there: the
            path may be the secret itself, misplaced.
    """
    try:
        content = Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from None
    except ValueError:  # not UTF-8, or a path that no file can have
        raise ValueError("holds no text in UTF-8") from None
    if not content:
        raise ValueError("is empty")
    return content


def forget_secrets(environ: MutableMapping[str, str], prefix: str) -> None:
    """Take the secrets out of the environment, once they are read: child processes inherit it."""
    for secret in SECRETS:
        environ.pop(prefix + secret.upper(), None)


def belongs_in_file(setting: str, value: str) -> bool:
    """Whether a setting with this value is for no one else to read: a secret, or a URL that may hold one."""
    if setting == "redis_url":
        return "@" in value or "password" in value.lower()
    return setting in SECRETS
