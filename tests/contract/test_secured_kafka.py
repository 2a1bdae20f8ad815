"""TLS, SASL, client certificates and ACLs against an Apache Kafka that wants them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from kafka.admin import ACLOperation, ResourceType

from tests.conftest import Names
from tests.contract.test_stream import reads, turn_until
from tests.contract.worlds import PARTITIONS, KafkaWorld, in_order, numbered
from tests.identity import IdentityWorker
from tests.servers.certificates import Authority
from tests.servers.secured import Grant, SecuredKafka
from worker.adapters.kafka.admin import check_kafka
from worker.adapters.kafka.reader import TopicReader
from worker.adapters.kafka.stream import KafkaStream
from worker.adapters.kafka.writer import TopicWriter
from worker.pipeline.ports import Outgoing, StreamMisconfigured, StreamUnavailable
from worker.settings import Settings

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

SCRAM, SCRAM_PASSWORD = "scram", "scram-word"
CERTIFIED, KEY_PASSWORD = "certified", "key-word"
WRONG = "not-the-password"
ONE_ATTEMPT = {"kafka_connect_timeout": 0.1, "kafka_call_timeout": 6}


Values = dict[str, Any]
Refusals = dict[tuple[str, str], str]  # by what was wrong and the client


class Secured:
    """A world on the secured broker, and the settings to enter it by."""

    def __init__(self, server: SecuredKafka, authority: Authority, names: Names):
        self.server = server
        self.authority = authority
        self.world = KafkaWorld(server.open_address, names)
        users = (server.plain_user, SCRAM, CERTIFIED)
        rights = (
            Grant(ACLOperation.READ, ResourceType.TOPIC, self.world.raw),
            Grant(ACLOperation.WRITE, ResourceType.TOPIC, self.world.raw),
            Grant(ACLOperation.WRITE, ResourceType.TOPIC, self.world.articles),
            Grant(ACLOperation.WRITE, ResourceType.TOPIC, self.world.dead),
            Grant(ACLOperation.READ, ResourceType.GROUP, self.world.group),
            Grant(ACLOperation.WRITE, ResourceType.TRANSACTIONAL_ID, f"{self.world.group}-", prefixed=True),
        )
        for user in users:
            server.grant(user, rights)

    def sasl(self, mechanism: str = "PLAIN", **more: Any) -> Values:
        known = {
            "PLAIN": (self.server.plain_user, self.server.plain_password),
            "SCRAM-SHA-512": (SCRAM, SCRAM_PASSWORD),
        }
        return {
            "kafka_bootstrap_servers": self.server.sasl_address,
            "kafka_security_protocol": "SASL_SSL",
            "kafka_sasl_mechanism": mechanism,
            "kafka_sasl_username": known[mechanism][0],
            "kafka_sasl_password": known[mechanism][1],
            "kafka_ssl_cafile": self.authority.certificate,
            **more,
        }

    def certified(self, **more: Any) -> Values:
        identity = self.authority.client(CERTIFIED, KEY_PASSWORD)
        return {
            "kafka_bootstrap_servers": self.server.tls_address,
            "kafka_security_protocol": "SSL",
            "kafka_ssl_cafile": self.authority.certificate,
            "kafka_ssl_certfile": identity.certificate,
            "kafka_ssl_keyfile": identity.key,
            "kafka_ssl_key_password": KEY_PASSWORD,
            **more,
        }

    def settings(self, values: Values) -> Settings:
        return self.world.settings(**values)


@pytest.fixture(scope="module")
def secured(secured_kafka: SecuredKafka, authority: Authority) -> Secured:
    secured_kafka.add_scram_users({SCRAM: SCRAM_PASSWORD})
    return Secured(secured_kafka, authority, Names())


@pytest.mark.parametrize("way", ["PLAIN", "SCRAM-SHA-512", "certificate"])
def test_a_page_goes_through(secured_kafka: SecuredKafka, authority: Authority, way: str) -> None:
    secured_kafka.add_scram_users({SCRAM: SCRAM_PASSWORD})
    secured = Secured(secured_kafka, authority, Names())
    world = secured.world
    world.fill(numbered(5))
    settings = secured.settings(secured.certified() if way == "certificate" else secured.sasl(way))
    worker = IdentityWorker(KafkaStream(settings), world.articles)
    worker.start()
    try:
        turn_until(worker, reads(5 * PARTITIONS))
    finally:
        worker.stream.close(5)
    assert in_order(world.published(world.articles), 5)
    assert [check.name for check in check_kafka(settings) if not check.ok] == []


def of_a_worker(settings: Settings) -> str:
    stream = KafkaStream(settings)
    try:
        with pytest.raises(StreamUnavailable) as raised:
            stream.start(IdentityWorker(stream, ""))
    finally:
        stream.close(5)
    return str(raised.value)


def of_a_writer(settings: Settings) -> str:
    with pytest.raises(StreamUnavailable) as raised, TopicWriter(settings) as writer:
        writer.send(Outgoing(settings.raw_topic, None, b"page"))
    return str(raised.value)


def of_a_reader(settings: Settings) -> str:
    with pytest.raises(StreamUnavailable) as raised, TopicReader(settings, [settings.raw_topic]) as reader:
        list(reader.read_to_end())
    return str(raised.value)


def of_a_check(settings: Settings) -> str:
    (check,) = check_kafka(settings)
    assert not check.ok
    return check.detail


CLIENTS: dict[str, Callable[[Settings], str]] = {
    "worker": of_a_worker,
    "writer": of_a_writer,
    "reader": of_a_reader,
    "check": of_a_check,
}
EVERY_CLIENT = ("password", "another authority")  # what is tried with each of them


@pytest.fixture(scope="module")
def refusals(secured: Secured, tmp_path_factory: pytest.TempPathFactory) -> Refusals:
    """What clients say to each thing that is wrong; all at the same time, since most of it is waiting."""
    other = Authority(tmp_path_factory.mktemp("other")).certificate
    wrong = {
        "password": secured.sasl(kafka_sasl_password=WRONG),
        "scram password": secured.sasl("SCRAM-SHA-512", kafka_sasl_password=WRONG),
        "another authority": secured.sasl(kafka_ssl_cafile=other),
        "no authority": secured.sasl(kafka_ssl_cafile=None),
        "another host": secured.sasl(kafka_bootstrap_servers=secured.server.misnamed_address),
        "no certificate": secured.certified(kafka_ssl_certfile=None, kafka_ssl_keyfile=None),
    }
    with ThreadPoolExecutor(16) as pool:
        told = {
            (case, client): pool.submit(CLIENTS[client], secured.settings({**values, **ONE_ATTEMPT}))
            for case, values in wrong.items()
            for client in (CLIENTS if case in EVERY_CLIENT else ["worker"])
        }
        return {key: found.result(60) for key, found in told.items()}


def told_of(refusals: Refusals, *cases: str) -> list[str]:
    assert set(cases) <= {case for case, _ in refusals}
    return [text for (case, _), text in refusals.items() if case in cases]


def test_a_wrong_password_is_told_and_not_shown(refusals: Refusals) -> None:
    for told in told_of(refusals, "password", "scram password"):
        assert "user or password" in told or "PAGESIEVE_KAFKA_SASL_PASSWORD" in told
        assert WRONG not in told


def test_an_unknown_authority_is_not_trusted(refusals: Refusals) -> None:
    for told in told_of(refusals, "another authority", "no authority"):
        assert "certificate verify failed" in told
        assert "PAGESIEVE_KAFKA_SSL_CAFILE" in told


def test_a_certificate_of_another_host_is_not_trusted(refusals: Refusals) -> None:
    told = refusals["another host", "worker"]
    assert "'localhost'" in told
    assert "PAGESIEVE_KAFKA_BOOTSTRAP_SERVERS" in told


def test_without_a_certificate_of_its_own_a_client_is_refused(refusals: Refusals) -> None:
    told = refusals["no certificate", "worker"]
    assert "PAGESIEVE_KAFKA_SSL_CERTFILE" in told or "disconnected" in told


def test_the_name_of_the_host_can_be_left_unchecked(secured: Secured) -> None:
    unchecked = secured.sasl(
        kafka_bootstrap_servers=secured.server.misnamed_address, kafka_ssl_check_hostname=False
    )
    assert [check.name for check in check_kafka(secured.settings(unchecked)) if not check.ok] == []


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"kafka_ssl_cafile": "nothing"}, "No such file"),
        ({"kafka_ssl_cafile": "rubbish"}, "no certificates in PEM"),
        ({"kafka_ssl_certfile": "nothing"}, "No such file"),
        ({"kafka_ssl_key_password": WRONG}, "wrong password of the key"),
        ({"kafka_ssl_key_password": None}, "wrong password of the key"),
        ({"kafka_ssl_keyfile": "other"}, "KEY_VALUES_MISMATCH"),
    ],
)
def test_files_that_cannot_be_used_are_told_at_once(
    secured: Secured, tmp_path: Path, wrong: Values, word: str
) -> None:
    (tmp_path / "rubbish").write_text("rubbish")
    other = secured.authority.client("other").key
    places = {"nothing": tmp_path / "nothing", "rubbish": tmp_path / "rubbish", "other": other}
    values = {name: places.get(value, value) for name, value in wrong.items()}
    stream = KafkaStream(secured.settings(secured.certified(**values)))
    with pytest.raises(StreamMisconfigured, match="TLS files") as raised:
        stream.start(IdentityWorker(stream, ""))
    stream.close(5)
    assert word in str(raised.value)
    assert WRONG not in str(raised.value)
