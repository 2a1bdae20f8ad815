"""Every setting of a worker, typed, and how their values must agree. `environment` reads them."""

import os
import socket
from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from worker.core.options import CleanOptions, Strictness, Trafilatura

PREFIX = "PAGESIEVE_"

Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(gt=0)]


class Delivery(StrEnum):
    """What a reader of the articles may see of a page after a failure."""

    EXACTLY_ONCE = "exactly_once"
    AT_LEAST_ONCE = "at_least_once"


class RemovedDetail(StrEnum):
    """How much of the `removed` field is published."""

    FULL = "full"
    COUNTS = "counts"
    OFF = "off"


class LogFormat(StrEnum):
    """How log lines look: for people, or one JSON object a line."""

    TEXT = "text"
    JSON = "json"


class Settings(BaseSettings):
    """The settings of a worker. A field `raw_topic` is read from `PAGESIEVE_RAW_TOPIC`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, env_ignore_empty=True)

    # Kafka, with Kafka's own names
    kafka_bootstrap_servers: str = Field(
        "localhost:9092", description="Brokers to start from, host:port, comma between"
    )
    kafka_security_protocol: str = Field(
        "PLAINTEXT",
        pattern="^(PLAINTEXT|SSL|SASL_PLAINTEXT|SASL_SSL)$",
        description="How to talk to the brokers: PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL",
    )
    kafka_sasl_mechanism: str | None = Field(
        None,
        pattern="^(PLAIN|SCRAM-SHA-256|SCRAM-SHA-512)$",
        description="PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512, for the SASL protocols",
    )
    kafka_sasl_username: str | None = Field(None, description="User name for SASL")
    kafka_sasl_password: SecretStr | None = Field(None, description="Password for SASL")
    kafka_ssl_cafile: Path | None = Field(None, description="Certificates to trust, PEM")
    kafka_ssl_certfile: Path | None = Field(None, description="The client's own certificate, PEM")
    kafka_ssl_keyfile: Path | None = Field(None, description="The client's own key, PEM")
    kafka_ssl_key_password: SecretStr | None = Field(None, description="Password of the client's key")
    kafka_ssl_check_hostname: bool = Field(
        True, description="Check the broker's name against its certificate"
    )
    kafka_group_id: str = Field(
        "pagesieve", min_length=1, description="Consumer group; workers of one group share the pages"
    )
    kafka_client_id: str = Field(
        "pagesieve", description="Name of this client in the brokers' logs and quotas"
    )
    kafka_transactional_id: str | None = Field(
        None, description="Stable name of this worker's producer; by default group, host name and slot"
    )
    worker_slot: int = Field(0, ge=0, description="Tells workers apart that share a host name")
    kafka_auto_offset_reset: str = Field(
        "earliest", pattern="^(earliest|latest)$", description="Where a new group starts: earliest or latest"
    )
    kafka_session_timeout_ms: Count = Field(
        20_000, description="A worker silent for longer loses its partitions"
    )
    kafka_heartbeat_interval_ms: Count = Field(
        1_000,
        description="How often a worker tells its group that it lives, and hears of a rebalance: the others wait for it",
    )
    kafka_max_poll_interval_ms: Count = Field(
        60_000, description="A worker that does not poll for longer loses its partitions"
    )
    kafka_max_poll_records: Count = Field(100, description="Most messages taken by one poll")
    kafka_max_partition_fetch_bytes: Count = Field(
        4_194_304, description="Bytes of one partition in one fetch"
    )
    kafka_fetch_max_bytes: Count = Field(16_777_216, description="Bytes of all partitions in one fetch")
    kafka_max_request_size: Count = Field(16_777_216, description="Largest message that may be published")
    kafka_compression_type: str = Field(
        "zstd",
        pattern="^(none|gzip|zstd)$",
        description="Compression of what is published: none, gzip, zstd",
    )
    kafka_transaction_timeout_ms: Count = Field(
        30_000, description="The broker aborts a transaction that is open for longer, as a killed worker's is"
    )
    kafka_call_timeout: Seconds = Field(
        8.0, description="Seconds that one transactional call may take before its producer is replaced"
    )
    kafka_max_rebuilds: Count = Field(
        20, description="Producers replaced in a row before the worker gives up with code 75"
    )
    kafka_connect_timeout: Seconds = Field(
        60.0, description="Seconds to wait for Kafka at the start before giving up with code 69"
    )

    # Topics and delivery
    raw_topic: str = Field("pages.raw", min_length=1, description="Topic that pages are read from")
    articles_topic: str = Field(
        "articles.clean", min_length=1, description="Topic that articles are published to"
    )
    dead_topic: str = Field("pages.dead", min_length=1, description="Topic of the dead letters")
    topic_partitions: Count = Field(12, description="Partitions of topics that `pagesieve topics` creates")
    topic_replication: int = Field(
        -1,
        ge=-1,
        description="Replicas of topics that `pagesieve topics` creates; -1 leaves it to the broker",
    )
    delivery: Delivery = Field(
        Delivery.EXACTLY_ONCE, description="exactly_once, or at_least_once for brokers without transactions"
    )
    dead_letter_run: int = Field(
        200,
        ge=0,
        description="The worker ends with code 75 before so many pages in a row go to the dead letters for "
        "reasons that a broken deploy has; 0 for no limit",
    )
    dead_letter_share: float = Field(
        0.8,
        ge=0,
        le=1,
        description="The same when such a share of the last dead_letter_window pages would; 0 for no limit",
    )
    dead_letter_window: Count = Field(1_000, description="Pages that dead_letter_share is of")
    commit_interval: Seconds = Field(1.0, description="Seconds between commits")
    removed: RemovedDetail = Field(
        RemovedDetail.FULL, description="What was cut, in each article: full, counts or off"
    )

    # Cleaning
    children: int = Field(0, ge=0, description="Child processes that clean; 0 is one for each processor")
    page_deadline: Seconds = Field(10.0, description="Seconds that a page may take to clean")
    child_memory_mb: Count = Field(
        1024, description="Memory that a page may cost beyond what a child starts with, MiB"
    )
    child_recycle_pages: Count = Field(5_000, description="Pages after which a child is replaced")
    max_in_flight_pages: Count = Field(1_000, description="Pages read and not yet published, at most")
    max_in_flight_bytes: Count = Field(64 * 1024 * 1024, description="Bytes of those pages, at most")
    max_page_bytes: Count = Field(
        10_000_000, description="A larger page goes to the dead letters as oversized"
    )
    min_words: int = Field(10, ge=1, description="A shorter article goes to the dead letters as too_short")
    title_in_text: bool = Field(False, description="Keep the headline as the first paragraph of the text")
    standfirst_in_text: bool = Field(
        True, description="Keep the standfirst in the text; it is in the description either way"
    )
    strictness: Strictness = Field(
        Strictness.BALANCED,
        description="How sure the evidence must be for a block to stay: gentle, balanced or strict",
    )
    trafilatura: Trafilatura = Field(
        Trafilatura.ALWAYS,
        description="Ask trafilatura on every page (always), or where the layout leaves doubt (unsure)",
    )

    # Cache
    redis_url: SecretStr | None = Field(
        None, description="Cache of results, redis://host:port/db, or rediss:// for TLS; none without it"
    )
    redis_username: str | None = Field(None, description="User name for Redis")
    redis_password: SecretStr | None = Field(None, description="Password for Redis")
    redis_ssl_cafile: Path | None = Field(None, description="Certificates to trust for rediss://, PEM")
    redis_ssl_certfile: Path | None = Field(None, description="The client's own certificate for Redis, PEM")
    redis_ssl_keyfile: Path | None = Field(None, description="The client's own key for Redis, PEM")
    redis_ssl_key_password: SecretStr | None = Field(None, description="Password of that key")
    redis_ssl_check_hostname: bool = Field(
        True, description="Check the name of Redis against its certificate"
    )
    cache_ttl: Count = Field(7 * 24 * 3600, description="Seconds that a result is remembered")
    cache_timeout: Annotated[float, Field(gt=0, le=0.25)] = Field(
        0.1, description="Seconds to wait for Redis, 0.25 at most"
    )

    # Running
    http_host: str = Field(
        "127.0.0.1",
        description="Address of /metrics, /livez, /readyz, /version; 0.0.0.0 or :: for all of the machine's",
    )
    http_port: int = Field(9108, ge=0, le=65535, description="Port of the same; 0 takes a free one")
    drain_timeout: Seconds = Field(20.0, description="Seconds to finish pages in flight when stopping")
    stop_grace: Seconds = Field(
        30.0, description="Seconds that the platform waits before it kills; above drain_timeout"
    )
    watchdog_timeout: Seconds = Field(
        120.0, description="Seconds with lag but without progress before the worker ends with code 75"
    )
    log_level: str = Field(
        "INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="DEBUG, INFO, WARNING or ERROR"
    )
    log_format: LogFormat = Field(LogFormat.TEXT, description="text or json")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load_settings` passes: it has read the environment already."""
        return (init_settings,)

    @model_validator(mode="after")
    def _cross_checks(self) -> "Settings":
        problems = [text for wrong, text in self._conflicts() if wrong]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _conflicts(self) -> list[tuple[bool, str]]:
        sasl = self.kafka_security_protocol.startswith("SASL_")
        poll_interval = self.kafka_max_poll_interval_ms / 1000
        return [
            (self.drain_timeout >= self.stop_grace, "drain_timeout must be below stop_grace"),
            (self.page_deadline >= poll_interval, "page_deadline must be below kafka_max_poll_interval_ms"),
            (
                self.commit_interval >= poll_interval,
                "commit_interval must be below kafka_max_poll_interval_ms",
            ),
            (
                self.kafka_call_timeout * 3 >= self.kafka_transaction_timeout_ms / 1000,
                "kafka_call_timeout must be below a third of kafka_transaction_timeout_ms",
            ),
            (
                self.kafka_heartbeat_interval_ms * 3 > self.kafka_session_timeout_ms,
                "kafka_heartbeat_interval_ms must be at most a third of kafka_session_timeout_ms",
            ),
            (
                self.kafka_transaction_timeout_ms >= self.kafka_max_poll_interval_ms,
                "kafka_transaction_timeout_ms must be below kafka_max_poll_interval_ms",
            ),
            (
                self.max_page_bytes * 4 // 3 >= self.kafka_max_request_size,
                "kafka_max_request_size must hold max_page_bytes in base64 (a third more)",
            ),
            (
                sasl
                and not (self.kafka_sasl_mechanism and self.kafka_sasl_username and self.kafka_sasl_password),
                "SASL needs kafka_sasl_mechanism, kafka_sasl_username and kafka_sasl_password",
            ),
            (
                len({self.raw_topic, self.articles_topic, self.dead_topic}) < 3,
                "raw_topic, articles_topic and dead_topic must differ",
            ),
        ]

    @property
    def clean_options(self) -> CleanOptions:
        """The settings that change what cleaning gives."""
        names = (field.name for field in fields(CleanOptions))
        return CleanOptions(**{name: getattr(self, name) for name in names if name in Settings.model_fields})

    @property
    def transactional_id(self) -> str:
        """Stable for this worker's slot, also across restarts: a successor fences what went before."""
        return (
            self.kafka_transactional_id or f"{self.kafka_group_id}-{socket.gethostname()}-{self.worker_slot}"
        )

    @property
    def child_count(self) -> int:
        """How many children to run."""
        return self.children or len(os.sched_getaffinity(0))
