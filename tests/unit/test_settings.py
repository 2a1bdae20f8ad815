"""What settings must not be together."""

import pytest

from worker.environment import SettingsError, load_settings


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"drain_timeout": 30}, "drain_timeout must be below stop_grace"),
        ({"page_deadline": 60}, "page_deadline must be below kafka_max_poll_interval_ms"),
        ({"commit_interval": 60}, "commit_interval must be below kafka_max_poll_interval_ms"),
        (
            {"kafka_call_timeout": 10},
            "kafka_call_timeout must be below a third of kafka_transaction_timeout_ms",
        ),
        ({"kafka_heartbeat_interval_ms": 9_000}, "kafka_heartbeat_interval_ms must be at most a third"),
        ({"kafka_transaction_timeout_ms": 60_000}, "must be below kafka_max_poll_interval_ms"),
        ({"max_page_bytes": 13_000_000}, "kafka_max_request_size must hold max_page_bytes in base64"),
        ({"kafka_security_protocol": "SASL_SSL"}, "SASL needs kafka_sasl_mechanism"),
        ({"dead_topic": "pages.raw"}, "raw_topic, articles_topic and dead_topic must differ"),
    ],
)
def test_settings_that_contradict_each_other_are_told(given: dict[str, object], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        load_settings({}, **given)


def test_defaults_and_near_misses_are_taken() -> None:
    load_settings({})
    near = {"drain_timeout": 29, "page_deadline": 59, "kafka_call_timeout": 9.9, "max_page_bytes": 12_000_000}
    load_settings({}, **near, kafka_heartbeat_interval_ms=3_000, kafka_transaction_timeout_ms=59_000)
