"""Servers for every test that wants one: real ones, started when first asked for, ended with the session."""

import itertools
import os
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NoReturn

import pytest

from tests.servers.certificates import Authority
from tests.servers.chromium import Chromium
from tests.servers.kafka import Kafka, KafkaCluster, open_kafka
from tests.servers.processes import MissingServerError
from tests.servers.redis import RedisServer
from tests.servers.secured import SecuredKafka, SecuredRedis
from worker.embedded import EmbeddedError, EmbeddedServers


@dataclass
class Names:
    """Names that no other test uses."""

    prefix: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def new(self, what: str) -> str:
        """A fresh name that tells what it is of: a topic, a group, a transactional.id."""
        return f"test-{self.prefix}-{what}-{next(self._numbers)}"


@pytest.fixture
def names() -> Names:
    return Names()


@pytest.fixture(scope="session", autouse=True)
def _processes_leave_nothing() -> Iterator[None]:
    """Their temporary folder is one that goes: a process that a test kills cannot tidy up."""
    with tempfile.TemporaryDirectory(prefix="pagesieve-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", folder)
        yield


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServers]:
    """The embedded broker and cache: `bootstrap_servers`, `redis_url`."""
    servers = EmbeddedServers(tmp_path_factory.mktemp("embedded"))
    with _running(servers.start, servers.stop):
        yield servers


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A real Apache Kafka of one node, or the one that PAGESIEVE_TEST_KAFKA names."""
    try:
        server = open_kafka(tmp_path_factory.mktemp("kafka"))
    except MissingServerError as error:
        without(str(error))
    yield server
    if isinstance(server, KafkaCluster):
        server.close()


@pytest.fixture(scope="session")
def kafka3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    """A real Apache Kafka of three nodes that a test may kill and start again; it leaves them all running."""
    cluster = KafkaCluster(tmp_path_factory.mktemp("kafka3"), nodes=3)
    with _running(cluster.open, cluster.close):
        yield cluster


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A real redis-server; a test that stops or freezes it starts or thaws it again."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    with _running(server.start, server.stop):
        yield server


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """A headless Chromium. Its tests may leave it on any page."""
    browser = Chromium(tmp_path_factory.mktemp("chromium"))
    with _running(browser.open, browser.close):
        yield browser


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who signs the certificates of the secured servers and of their clients."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def secured_kafka(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[SecuredKafka]:
    """A real Apache Kafka that denies everything that a test does not allow."""
    server = SecuredKafka(tmp_path_factory.mktemp("secured-kafka"), authority)
    with _running(server.open, server.close):
        yield server


@pytest.fixture(scope="session")
def secured_redis(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[SecuredRedis]:
    """A real Redis that talks TLS, and knows no user that a test does not make."""
    server = SecuredRedis(tmp_path_factory.mktemp("secured-redis"), authority)
    with _running(server.start, server.stop):
        yield server


@contextmanager
def _running(start: Callable[[], object], stop: Callable[[], object]) -> Iterator[None]:
    try:
        start()
    except (MissingServerError, EmbeddedError) as error:
        without(str(error))
    try:
        yield
    finally:
        stop()


def without(reason: str) -> NoReturn:
    """Skip on a machine that lacks a server; in CI that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
