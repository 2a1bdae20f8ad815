"""TLS, client certificates and ACL users against a Redis that wants them."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.contract.test_cache import wait_until
from tests.servers.certificates import Authority
from tests.servers.documented import redis_rules
from tests.servers.secured import SecuredRedis
from worker.adapters.breaker import Breaker
from worker.adapters.redis import RedisCache, redis_check
from worker.adapters.redis_address import connection_options
from worker.environment import load_settings
from worker.settings import Settings

pytestmark = pytest.mark.redis

PASSWORD, WRONG = "worker-word", "not-the-password"
USER, RULES = redis_rules(PASSWORD)


class Secured:
    """The settings to reach the secured server as the documented user."""

    def __init__(self, server: SecuredRedis, authority: Authority):
        self.server = server
        self.authority = authority
        server.set_user(USER, *RULES)
        server.denied()

    def settings(self, **more: Any) -> Settings:
        values = {
            "redis_url": self.server.url,
            "redis_username": USER,
            "redis_password": PASSWORD,
            "redis_ssl_cafile": self.authority.certificate,
            "cache_timeout": 0.25,
        }
        return load_settings({}, **{**values, **more})


@pytest.fixture
def secured(secured_redis: SecuredRedis, authority: Authority) -> Secured:
    return Secured(secured_redis, authority)


@contextmanager
def caching(settings: Settings) -> Iterator[tuple[RedisCache, Counter[str]]]:
    counted: Counter[str] = Counter()
    cache = RedisCache(
        settings,
        lambda result, number: counted.update({result: number}),
        breaker=lambda: Breaker(failures=3, first_pause=0.05, longest_pause=0.2),
    )
    try:
        yield cache, counted
    finally:
        cache.close()


def check_until(settings: Settings, holds: Callable[[bool, str], bool]) -> str:
    """Check until the answer is as it should be: a busy machine may answer too late at first."""
    told = ""

    def asked() -> bool:
        nonlocal told
        ok, told = redis_check(settings)
        return holds(ok, told)

    wait_until(asked)
    return told


def refusal(settings: Settings) -> str:
    """What `check` says of a Redis that cannot be used, other than that it is slow."""
    return check_until(settings, lambda ok, told: not ok and "no answer within" not in told)


def test_the_documented_rights_are_enough(secured: Secured) -> None:
    with caching(secured.settings()) as (cache, counted):

        def remembered() -> bool:
            cache.put_many([("key", b"value")])
            return cache.get_many(["key"]) == [b"value"]

        wait_until(remembered)
        assert counted["hit"] == 1
    told = check_until(secured.settings(), lambda ok, _: ok)
    assert "gives back what it stored" in told
    asked_for = {entry[b"object"] for entry in map(_fields, secured.server.denied())}
    assert asked_for <= {b"info"}, "only `check` asks for more, and goes on without it"


def test_every_documented_right_is_needed(secured: Secured) -> None:
    rights = [rule for rule in RULES if rule[0] in "~+"]
    assert len(rights) == 3
    for right in rights:
        secured.server.set_user(USER, *(rule for rule in RULES if rule != right))
        assert "allow its user MGET and SET on pagesieve:*" in refusal(secured.settings())


def test_check_tells_more_where_it_may(secured: Secured) -> None:
    secured.server.set_user(USER, *RULES, "+info")
    assert "Redis 7" in check_until(secured.settings(), lambda ok, _: ok)


def test_a_missing_right_costs_the_cache_only(secured: Secured, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secured.server.set_user(USER, *(rule for rule in RULES if rule != "+mget"))
    with caching(secured.settings()) as (cache, counted):
        wait_until(lambda: cache.get_many(["key"]) == [None] and counted["skipped"])
    assert "NoPermissionError" in caplog.text
    assert PASSWORD not in caplog.text


@pytest.mark.parametrize(
    "wrong", [{"redis_password": WRONG}, {"redis_username": "nobody"}, {"redis_password": None}]
)
def test_a_wrong_password_is_told_and_not_shown(
    secured: Secured, wrong: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told = refusal(secured.settings(**wrong))
    assert "PAGESIEVE_REDIS_PASSWORD" in told
    with caching(secured.settings(**wrong)) as (cache, counted):
        wait_until(lambda: cache.get_many(["key"]) == [None] and counted["skipped"])
    shown = told + caplog.text
    assert WRONG not in shown
    assert PASSWORD not in shown


def test_a_password_in_the_url_is_not_shown_either(secured: Secured) -> None:
    url = secured.server.url.replace("//", f"//{USER}:{WRONG}@")
    told = refusal(secured.settings(redis_url=url, redis_username=None, redis_password=None))
    assert "PAGESIEVE_REDIS_PASSWORD" in told
    assert WRONG not in told


def test_an_unknown_authority_is_not_trusted(secured: Secured, tmp_path: Path) -> None:
    for cafile in (Authority(tmp_path).certificate, None):
        told = refusal(secured.settings(redis_ssl_cafile=cafile))
        assert "CERTIFICATE_VERIFY_FAILED" in told
        assert "PAGESIEVE_REDIS_SSL_CAFILE" in told


def test_no_other_authority_is_trusted_beside_ours(secured: Secured) -> None:
    context = connection_options(secured.settings())["tls_context"]
    assert len(context.get_ca_certs()) == 1


def test_a_certificate_of_another_host_is_not_trusted(secured: Secured) -> None:
    misnamed = secured.server.misnamed_url
    told = refusal(secured.settings(redis_url=misnamed))
    assert "'localhost'" in told
    assert "PAGESIEVE_REDIS_URL" in told
    check_until(secured.settings(redis_url=misnamed, redis_ssl_check_hostname=False), lambda ok, _: ok)


def test_tls_is_not_left_out_where_it_is_wanted(secured: Secured) -> None:
    told = refusal(
        secured.settings(redis_url=secured.server.url.replace("rediss", "redis"), redis_ssl_cafile=None)
    )
    assert "Connection" in told


def test_a_client_certificate(authority: Authority, tmp_path: Path) -> None:
    identity = authority.client("cache", "key-word")
    own = {
        "redis_ssl_certfile": identity.certificate,
        "redis_ssl_keyfile": identity.key,
        "redis_ssl_key_password": "key-word",
    }
    server = SecuredRedis(tmp_path, authority, ask_certificate=True)
    server.start()
    try:
        secured = Secured(server, authority)
        check_until(secured.settings(**own), lambda ok, _: ok)
        told = refusal(secured.settings())
        assert "certificate" in told.lower() or "Connection" in told
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"redis_url": "rediss://h", "redis_ssl_cafile": "/nothing"}, "No such file"),
        ({"redis_url": "rediss://h", "redis_ssl_certfile": "/nothing"}, "No such file"),
        ({"redis_url": "redis://localhost", "redis_ssl_cafile": "/nothing"}, "rediss://"),
        ({"redis_url": f"rediss://u:{WRONG}#@localhost"}, "%23"),
        ({"redis_url": f"rediss://:12/{WRONG}@localhost"}, "%2F"),
        ({"redis_url": f"rediss://h?ssl_cert_reqs=none&password={WRONG}"}, "PAGESIEVE_REDIS_SSL_CAFILE"),
    ],
)
def test_settings_that_nothing_can_be_made_of(wrong: dict[str, str], word: str) -> None:
    settings = load_settings({}, **wrong)
    with pytest.raises(ValueError, match=word) as raised:
        RedisCache(settings, lambda _result, _number: None)
    ok, told = redis_check(settings)
    assert not ok
    assert told == str(raised.value)
    assert WRONG not in told


def _fields(entry: Any) -> dict[bytes, Any]:
    """An entry of `ACL LOG`: names and values by turns, or a mapping already."""
    return entry if isinstance(entry, dict) else dict(zip(entry[::2], entry[1::2], strict=True))
