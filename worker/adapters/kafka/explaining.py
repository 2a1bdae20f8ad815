"""What went wrong between Kafka and us, in one line that names what to mend where the error tells it."""

from collections.abc import Iterable

from kafka.errors import (
    AuthorizationError,
    ClusterAuthorizationFailedError,
    CorruptRecordError,
    GroupAuthorizationFailedError,
    InvalidSessionTimeoutError,
    KafkaConnectionError,
    SaslAuthenticationFailedError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailedError,
)

from worker.adapters.kafka.producer import told
from worker.adapters.kafka.unpacking import UnreadableRecord
from worker.settings import Settings


def explained(error: object, settings: Settings) -> str:
    """The error, and the next step."""
    return told(error) + _next_step(error, settings)


def missing_topics(topics: Iterable[str], settings: Settings) -> str:
    """Topics that are not among those that the brokers tell this user of."""
    hidden = "" if settings.kafka_security_protocol == "PLAINTEXT" else ", or this user may not see it"
    names = ", ".join(sorted(topics))
    return (
        f"no topic {names} in Kafka at {settings.kafka_bootstrap_servers}{hidden}; "
        "`pagesieve topics` creates it"
    )


def _next_step(error: object, settings: Settings) -> str:
    if isinstance(error, SaslAuthenticationFailedError):
        return "; see PAGESIEVE_KAFKA_SASL_USERNAME and PAGESIEVE_KAFKA_SASL_PASSWORD"
    if isinstance(error, AuthorizationError):
        return f"; this user needs {_right(error, settings)}: SECURITY.md lists the rights of each command"
    if isinstance(error, InvalidSessionTimeoutError):
        return "; see PAGESIEVE_KAFKA_SESSION_TIMEOUT_MS, and the brokers' group.max.session.timeout.ms"
    if isinstance(error, UnreadableRecord | CorruptRecordError):
        return _skipping_step(error, settings)
    if isinstance(error, KafkaConnectionError):
        return _connection_step(str(error), settings)
    return ""


def _skipping_step(error: UnreadableRecord | CorruptRecordError, settings: Settings) -> str:
    if not isinstance(error, UnreadableRecord):
        return f"; a record of {settings.raw_topic} cannot be read, the brokers' logs may tell which"
    servers, group = settings.kafka_bootstrap_servers, settings.kafka_group_id
    place = f"{error.partition.topic}:{error.partition.partition}"
    return (
        f"; nothing behind it is read. To leave out the records up to offset {error.behind - 1}, end all "
        f"workers and run kafka-consumer-groups.sh --bootstrap-server {servers} --group {group} "
        f"--topic {place} --reset-offsets --to-offset {error.behind} --execute"
    )


def _right(error: AuthorizationError, settings: Settings) -> str:
    if isinstance(error, GroupAuthorizationFailedError):
        group = settings.kafka_group_id
        return f"Read on the group {group} (to replay: {group}-replay)"
    if isinstance(error, TransactionalIdAuthorizationFailedError):
        named = settings.kafka_transactional_id
        ids = (
            f"the transactional id {named}" if named else f"the transactional ids {settings.kafka_group_id}-*"
        )
        return f"Write on {ids}"
    if isinstance(error, TopicAuthorizationFailedError):
        return "Read, Write or Create on that topic"
    if isinstance(error, ClusterAuthorizationFailedError):
        return "more on the cluster"
    return "more"


def _connection_step(text: str, settings: Settings) -> str:
    if "certificate verify failed" in text:
        return "; see PAGESIEVE_KAFKA_SSL_CAFILE, and the hosts in PAGESIEVE_KAFKA_BOOTSTRAP_SERVERS"
    if "alert" in text and "certificate" in text.lower():
        return "; see PAGESIEVE_KAFKA_SSL_CERTFILE and PAGESIEVE_KAFKA_SSL_KEYFILE"
    if "disconnected" in text and settings.kafka_security_protocol.startswith("SASL_"):
        return "; it hung up, as it does on a user or password that it does not know"
    return ""
