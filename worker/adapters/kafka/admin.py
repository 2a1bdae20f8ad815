"""Topics made as they should be, and the checks of `pagesieve check` that are about Kafka."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

from kafka import KafkaAdminClient
from kafka.admin import ConfigFilterType, ConfigResource, ConfigResourceType
from kafka.errors import KafkaError, NoError, TopicAlreadyExistsError, for_code

from worker.adapters.kafka.config import admin_options, transactional_options
from worker.adapters.kafka.connecting import Connecting
from worker.adapters.kafka.deadline import DeadlinePassed, Helper
from worker.adapters.kafka.explaining import explained
from worker.adapters.kafka.producer import BoundedProducer
from worker.pipeline.ports import StreamUnavailable
from worker.settings import Delivery, Settings

T = TypeVar("T")

_DAY_MS = 24 * 3600 * 1000
_LIMIT = "max.message.bytes"


@dataclass(frozen=True, slots=True)
class TopicReport:
    """What `create_topics` found or did, in a line."""

    topic: str
    created: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, and what to do when it is not as it should be."""

    name: str
    ok: bool
    detail: str
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class _Plan:
    topic: str
    partitions: int
    replication: int
    config: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Found:
    partitions: int
    limit: int | None  # bytes of the largest message; None where the broker does not tell


def create_topics(settings: Settings) -> Sequence[TopicReport]:
    """Create the topics that are missing; those that are there stay as they are.

    Raises:
        StreamUnavailable: when Kafka is out of reach, or refuses to create one.
    """
    plans = _plans(settings)
    with _Admin(settings) as admin:
        found = admin.topics([plan.topic for plan in plans])
        missing = [plan for plan in plans if plan.topic not in found]
        errors = admin.create(missing) if missing else {}
        return [_report(settings, plan, found.get(plan.topic), errors.get(plan.topic)) for plan in plans]


def check_kafka(settings: Settings) -> Iterator[Check]:
    """Check the brokers, then the topics, then the transactions; nothing more once a broker is missing."""
    servers = settings.kafka_bootstrap_servers
    try:
        with _Admin(settings) as admin:
            yield Check("Kafka", True, f"answers at {servers}; brokers: {admin.broker_count()}")
            yield from _check_topics(settings, admin)
    except StreamUnavailable as error:
        step = (
            "see that Kafka runs, and that PAGESIEVE_KAFKA_BOOTSTRAP_SERVERS and its security settings hold"
        )
        yield Check("Kafka", False, str(error), step)
        return
    if settings.delivery is Delivery.EXACTLY_ONCE:
        yield _check_transactions(settings)


def _plans(settings: Settings) -> list[_Plan]:
    """Each topic as it is created. A dead letter holds its page, and is kept until somebody has looked."""

    def plan(topic: str, partitions: int, days: int) -> _Plan:
        config = {
            "cleanup.policy": "delete",
            "retention.ms": str(days * _DAY_MS),
            _LIMIT: str(settings.kafka_max_request_size),
        }
        return _Plan(topic, partitions, settings.topic_replication, config)

    count = settings.topic_partitions
    return [
        plan(settings.raw_topic, count, 7),
        plan(settings.articles_topic, count, 30),
        plan(settings.dead_topic, max(1, count // 4), 90),
    ]


def _report(
    settings: Settings, plan: _Plan, found: _Found | None, error: type[KafkaError] | None
) -> TopicReport:
    if found is not None:
        return TopicReport(plan.topic, False, f"is there, {_as_found(settings, plan, found)}")
    if error is TopicAlreadyExistsError:  # by somebody else, a moment ago
        return TopicReport(plan.topic, False, "is there")
    if error is not None:
        text = explained(error(), settings)
        raise StreamUnavailable(f"Kafka does not create the topic {plan.topic}: {text}")
    return TopicReport(plan.topic, True, f"created with {plan.partitions} partitions")


def _as_found(settings: Settings, plan: _Plan, found: _Found) -> str:
    text = f"with {found.partitions} partitions"
    if (
        found.limit is None
        or found.limit >= settings.kafka_max_request_size
        or plan.topic == settings.raw_topic
    ):
        return text
    return f"{text}; its {_LIMIT} of {found.limit} is below kafka_max_request_size"


def _check_topics(settings: Settings, admin: "_Admin") -> Iterator[Check]:
    plans = _plans(settings)
    found = admin.topics([plan.topic for plan in plans])
    for plan in plans:
        there = found.get(plan.topic)
        if there is None:
            hidden = "" if settings.kafka_security_protocol == "PLAINTEXT" else ", or hidden from this user"
            yield Check(f"topic {plan.topic}", False, f"is missing{hidden}", "`pagesieve topics` creates it")
            continue
        detail = _as_found(settings, plan, there)
        fits = "below" not in detail
        step = f"raise {_LIMIT} of {plan.topic}, or lower PAGESIEVE_KAFKA_MAX_REQUEST_SIZE"
        yield Check(f"topic {plan.topic}", fits, detail, "" if fits else step)


def _check_transactions(settings: Settings) -> Check:
    # A name of its own, and always the same: the check fences no worker, and leaves one trace at most.
    name = f"{settings.transactional_id}-check"
    helper = Helper("kafka-check")

    def attempt() -> None:
        producer = BoundedProducer(**transactional_options(settings, name))
        try:
            producer.init_transactions()
        finally:
            producer.discard()

    try:
        helper.call(attempt, settings.kafka_call_timeout * 2)
    except (KafkaError, DeadlinePassed) as error:
        step = (
            "allow this user transactional.ids that begin with "
            f"{settings.kafka_group_id}, or set PAGESIEVE_DELIVERY=at_least_once"
        )
        return Check("transactions", False, explained(error, settings), step)
    finally:
        helper.end()
    return Check("transactions", True, f"a producer with the transactional.id {name} was admitted")


class _Admin:
    """A KafkaAdminClient with deadlines; a context manager.

    Raises on entering and on any call:
        StreamUnavailable: when Kafka does not answer in time, or refuses.
    """

    def __init__(self, settings: Settings):
        self._settings = settings
        self._seconds = settings.kafka_call_timeout * 2
        self._helper = Helper("kafka-admin")
        self._client: Any = None

    def __enter__(self) -> Self:
        options = admin_options(self._settings)
        try:
            self._client = self._call(lambda: _AdminClient(**options))
        except StreamUnavailable:
            self._helper.end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._helper.submit(self._client.close, lambda _returned: None)
        self._helper.end()

    def broker_count(self) -> int:
        """How many brokers the cluster has, as it told when it was connected to."""
        return int(self._client.broker_count)

    def topics(self, names: Sequence[str]) -> dict[str, _Found]:
        """Those of the topics that are there."""
        described = self._call(lambda: self._client.describe_topics(list(names)))
        there = {one["name"]: len(one["partitions"]) for one in described if one["error_code"] == 0}
        limits = self._limits(list(there)) if there else {}
        return {name: _Found(count, limits.get(name)) for name, count in there.items()}

    def create(self, plans: Sequence[_Plan]) -> dict[str, type[KafkaError]]:
        """Create topics and wait until they can be used; what went wrong, by topic."""
        wanted = {
            plan.topic: {
                "num_partitions": plan.partitions,
                "replication_factor": plan.replication,
                "configs": dict(plan.config),
            }
            for plan in plans
        }
        answer = self._call(lambda: self._client.create_topics(wanted, raise_errors=False))
        errors = {one["name"]: for_code(one["error_code"]) for one in answer["topics"]}
        created = [name for name, error in errors.items() if error is NoError]
        self._call(lambda: self._client.wait_for_topics(created, timeout_ms=self._seconds * 500))
        return {name: error for name, error in errors.items() if error is not NoError}

    def _limits(self, names: Sequence[str]) -> dict[str, int]:
        wanted = [ConfigResource(ConfigResourceType.TOPIC, name, {_LIMIT: None}) for name in names]
        try:
            answer = self._call(
                lambda: self._client.describe_configs(wanted, config_filter=ConfigFilterType.ALL)
            )
        except StreamUnavailable:  # not every user may look, and not every broker tells
            return {}
        told_of = answer.get("topic", {})
        return {name: int(one[_LIMIT]["value"]) for name, one in told_of.items() if _LIMIT in one}

    def _call(self, call: Callable[[], T]) -> T:
        try:
            return self._helper.call(call, self._seconds)
        except (KafkaError, DeadlinePassed) as error:
            servers = self._settings.kafka_bootstrap_servers
            text = explained(error, self._settings)
            raise StreamUnavailable(f"Kafka at {servers}: {text}") from error


class _AdminClient(Connecting, KafkaAdminClient):  # type: ignore[misc]
    @property
    def broker_count(self) -> int:
        """The brokers that are known. `describe_cluster` of 3.0.12 fails on brokers before 3.7."""
        return len(self._manager.cluster.brokers())
