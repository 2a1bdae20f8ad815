"""Settings -> the keyword arguments of kafka-python's clients."""

import ssl
from typing import Any

from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor

from worker.adapters.tls import TlsFilesError, client_context
from worker.pipeline.ports import StreamMisconfigured
from worker.settings import Settings

# Records of one partition gather to this size before they are compressed and sent together: well below
# the 1 MiB that a topic takes by default, so that no batch has to be split.
_BATCH_BYTES = 128 * 1024
# kafka-python waits up to 30 s before it calls a broker again that was gone for a while.
_RECONNECT_MS = 1_000
_METADATA_MS = 60_000


def consumer_options(settings: Settings) -> dict[str, Any]:
    """What a member of the consumer group is made with."""
    return {
        **_client_options(settings),
        "group_id": settings.kafka_group_id,
        "enable_auto_commit": False,
        "auto_offset_reset": settings.kafka_auto_offset_reset,
        # It hides aborted pages, and makes the committed offsets wait for open transactions (KIP-447).
        "isolation_level": "read_committed",
        "partition_assignment_strategy": [StickyPartitionAssignor],
        "session_timeout_ms": settings.kafka_session_timeout_ms,
        "heartbeat_interval_ms": settings.kafka_heartbeat_interval_ms,
        "max_poll_interval_ms": settings.kafka_max_poll_interval_ms,
        "max_poll_records": settings.kafka_max_poll_records,
        "max_partition_fetch_bytes": settings.kafka_max_partition_fetch_bytes,
        "fetch_max_bytes": settings.kafka_fetch_max_bytes,
        "allow_auto_create_topics": False,
        "metadata_max_age_ms": _METADATA_MS,
        "metrics_enabled": False,
    }


def transactional_options(settings: Settings, transactional_id: str) -> dict[str, Any]:
    """What the producer of the exactly-once delivery is made with."""
    return {
        **_producer_options(settings),
        "transactional_id": transactional_id,
        "transaction_timeout_ms": settings.kafka_transaction_timeout_ms,
    }


def plain_options(settings: Settings) -> dict[str, Any]:
    """What the producer of the at-least-once delivery is made with: for every broker, in order."""
    return {
        **_producer_options(settings),
        "enable_idempotence": False,
        "acks": "all",
        "max_in_flight_requests_per_connection": 1,
    }


def admin_options(settings: Settings) -> dict[str, Any]:
    """What the client of `pagesieve topics` and `pagesieve check` is made with."""
    return _client_options(settings)


def _producer_options(settings: Settings) -> dict[str, Any]:
    compression = settings.kafka_compression_type
    return {
        **_client_options(settings),
        "compression_type": None if compression == "none" else compression,
        "max_request_size": settings.kafka_max_request_size,
        "max_block_ms": _milliseconds(settings.kafka_call_timeout),
        "batch_size": _BATCH_BYTES,
        # The first request of a transaction is put off by this as long as the last one is being ended.
        "retry_backoff_ms": 50,
        "allow_auto_create_topics": False,
        "metadata_max_age_ms": _METADATA_MS,
        "metrics_enabled": False,
    }


def _client_options(settings: Settings) -> dict[str, Any]:
    timeout = _milliseconds(settings.kafka_call_timeout)
    options = {
        "bootstrap_servers": [name.strip() for name in settings.kafka_bootstrap_servers.split(",")],
        "client_id": settings.kafka_client_id,
        "security_protocol": settings.kafka_security_protocol,
        # Less than the deadline of the whole attempt: what is left is for finding out why it failed.
        "bootstrap_timeout_ms": timeout // 2,
        "request_timeout_ms": timeout,
        "reconnect_backoff_max_ms": _RECONNECT_MS,
    }
    if settings.kafka_security_protocol.startswith("SASL_"):
        password = settings.kafka_sasl_password
        options |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_sasl_username,
            "sasl_plain_password": password.get_secret_value() if password else None,
        }
    if settings.kafka_security_protocol.endswith("SSL"):
        options["ssl_context"] = _ssl_context(settings)
    return options


def _ssl_context(settings: Settings) -> ssl.SSLContext:
    # Made here and not by kafka-python, which takes a file that is not there for a broker that is not.
    try:
        return client_context(
            cafile=settings.kafka_ssl_cafile,
            certfile=settings.kafka_ssl_certfile,
            keyfile=settings.kafka_ssl_keyfile,
            key_password=settings.kafka_ssl_key_password,
            check_hostname=settings.kafka_ssl_check_hostname,
        )
    except TlsFilesError as error:
        raise StreamMisconfigured(f"the TLS files for Kafka cannot be used: {error}") from None


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
