"""Settings as kafka-python understands them."""

from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer

from worker.adapters.kafka.config import (
    admin_options,
    consumer_options,
    plain_options,
    transactional_options,
)
from worker.environment import load_settings
from worker.pipeline.ports import StreamUnavailable
from worker.settings import Settings


def settings(**flags: Any) -> Settings:
    return load_settings({}, **flags)


def test_kafka_python_knows_every_option() -> None:
    secured = settings(
        kafka_security_protocol="SASL_SSL",
        kafka_sasl_mechanism="SCRAM-SHA-512",
        kafka_sasl_username="user",
        kafka_sasl_password="secret",
    )
    assert consumer_options(secured).keys() <= KafkaConsumer.DEFAULT_CONFIG.keys()
    assert transactional_options(secured, "id").keys() <= KafkaProducer.DEFAULT_CONFIG.keys()
    assert plain_options(secured).keys() <= KafkaProducer.DEFAULT_CONFIG.keys()
    assert admin_options(secured).keys() <= KafkaAdminClient.DEFAULT_CONFIG.keys()


def test_servers_are_split() -> None:
    options = admin_options(settings(kafka_bootstrap_servers="one:9092, two:9092"))
    assert options["bootstrap_servers"] == ["one:9092", "two:9092"]


def test_a_member_reads_what_is_committed_and_commits_only_when_told() -> None:
    options = consumer_options(settings())
    assert options["isolation_level"] == "read_committed"
    assert options["enable_auto_commit"] is False
    assert options["auto_offset_reset"] == "earliest"
    assert options["allow_auto_create_topics"] is False


def test_sasl_and_tls_only_where_they_are_asked_for() -> None:
    plain = admin_options(settings())
    assert not any(name.startswith(("sasl", "ssl")) for name in plain)
    secured = admin_options(
        settings(
            kafka_security_protocol="SASL_SSL",
            kafka_sasl_mechanism="PLAIN",
            kafka_sasl_username="user",
            kafka_sasl_password="secret",
            kafka_ssl_check_hostname=False,
        )
    )
    assert secured["sasl_plain_password"] == "secret"
    assert secured["ssl_context"].check_hostname is False
    assert secured["ssl_context"].verify_mode.name == "CERT_REQUIRED"


def test_a_tls_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    wrong = tmp_path / "certificates.pem"
    wrong.write_text("no certificate")
    for cafile in (wrong, tmp_path / "missing.pem"):
        with pytest.raises(StreamUnavailable, match="TLS files"):
            admin_options(settings(kafka_security_protocol="SSL", kafka_ssl_cafile=cafile))


def test_no_compression_is_none() -> None:
    assert plain_options(settings(kafka_compression_type="none"))["compression_type"] is None
    assert plain_options(settings())["compression_type"] == "zstd"
