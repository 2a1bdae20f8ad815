"""TLS and SASL against an Apache Kafka that wants both."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ScramMechanism, UserScramCredentialUpsertion

from tests.conftest import Names, without
from tests.contract.test_stream import reads, turn_until
from tests.contract.worlds import PARTITIONS, KafkaWorld, in_order, numbered
from tests.identity import IdentityWorker
from tests.servers.kafka import KafkaCluster
from tests.servers.processes import MissingServerError, free_port, need_program
from worker.adapters.kafka.admin import check_kafka
from worker.adapters.kafka.stream import KafkaStream
from worker.pipeline.ports import StreamUnavailable

pytestmark = pytest.mark.kafka

_MODULES = "org.apache.kafka.common.security"


@dataclass(frozen=True)
class Secured:
    """A Kafka with a listener for TLS and SASL, and one without for the tests themselves."""

    plaintext: str
    bootstrap_servers: str
    certificate: Path


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("secured")
    port = free_port()
    try:
        certificate, keys = make_certificate(folder)
        cluster = KafkaCluster(folder, config=broker_config(keys), listeners={"SASL_SSL": port})
        cluster.open()
    except MissingServerError as error:
        without(str(error))
    add_scram_user(cluster.bootstrap_servers)
    yield Secured(cluster.bootstrap_servers, f"127.0.0.1:{port}", certificate)
    cluster.close()


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of the loopback address, and a file with it and its key."""
    openssl = need_program("openssl", "Debian: openssl")
    key, certificate, both = folder / "key.pem", folder / "certificate.pem", folder / "both.pem"
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(
        [openssl, *words, *names, "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    both.write_text(key.read_text() + certificate.read_text())
    return certificate, both


def broker_config(keys: Path) -> dict[str, str]:
    return {
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL",
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
        "listener.name.sasl_ssl.plain.sasl.jaas.config": (
            f'{_MODULES}.plain.PlainLoginModule required user_plain="plain-secret";'
        ),
        "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": (
            f"{_MODULES}.scram.ScramLoginModule required;"
        ),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(keys),
    }


def add_scram_user(servers: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=servers)
    try:
        user = UserScramCredentialUpsertion("scram", ScramMechanism.SCRAM_SHA_512, password="scram-secret")
        admin.alter_user_scram_credentials([user])
    finally:
        admin.close()


def credentials(secured: Secured, mechanism: str, user: str, password: str) -> dict[str, Any]:
    return {
        "kafka_bootstrap_servers": secured.bootstrap_servers,
        "kafka_security_protocol": "SASL_SSL",
        "kafka_sasl_mechanism": mechanism,
        "kafka_sasl_username": user,
        "kafka_sasl_password": password,
        "kafka_ssl_cafile": secured.certificate,
    }


@pytest.mark.parametrize(("mechanism", "user"), [("PLAIN", "plain"), ("SCRAM-SHA-512", "scram")])
def test_a_page_goes_through(secured: Secured, names: Names, mechanism: str, user: str) -> None:
    world = KafkaWorld(secured.plaintext, names)
    world.fill(numbered(5))
    settings = world.settings(**credentials(secured, mechanism, user, f"{user}-secret"))
    worker = IdentityWorker(KafkaStream(settings), world.articles)
    worker.start()
    try:
        turn_until(worker, reads(5 * PARTITIONS))
    finally:
        worker.stream.close(5)
    assert in_order(world.published(world.articles), 5)
    assert all(check.ok or "topic" in check.name for check in check_kafka(settings))


def test_a_wrong_password_is_told(secured: Secured, names: Names) -> None:
    world = KafkaWorld(secured.plaintext, names)
    wrong = credentials(secured, "PLAIN", "plain", "wrong")
    settings = world.settings(**wrong, kafka_call_timeout=3, kafka_connect_timeout=6)
    stream = KafkaStream(settings)
    with pytest.raises(StreamUnavailable, match=r"refuses this user|user or password"):
        stream.start(IdentityWorker(stream, ""))
    stream.close(5)
    (check,) = check_kafka(settings)
    assert not check.ok


def test_an_unknown_certificate_is_not_trusted(secured: Secured, names: Names) -> None:
    world = KafkaWorld(secured.plaintext, names)
    known = credentials(secured, "PLAIN", "plain", "plain-secret") | {"kafka_ssl_cafile": None}
    stream = KafkaStream(world.settings(**known, kafka_connect_timeout=1, kafka_call_timeout=3))
    with pytest.raises(StreamUnavailable, match=r"cannot be reached.*certificate verify failed"):
        stream.start(IdentityWorker(stream, ""))
    stream.close(5)


def test_a_file_that_is_not_there_is_told(secured: Secured, names: Names, tmp_path: Path) -> None:
    world = KafkaWorld(secured.plaintext, names)
    wrong = credentials(secured, "PLAIN", "plain", "x") | {"kafka_ssl_cafile": tmp_path / "nothing.pem"}
    stream = KafkaStream(world.settings(**wrong))
    with pytest.raises(StreamUnavailable, match="TLS files"):
        stream.start(IdentityWorker(stream, ""))
    stream.close(5)
