"""Clients that tell why they cannot connect, and leave nothing behind when they cannot."""

from collections.abc import Mapping
from typing import Any

from kafka import KafkaConsumer
from kafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError, RequestTimedOutError

from worker.adapters.kafka.deadline import Budget

_REASON_SHARE = 0.75  # of the time to connect in: so long it may take to find out why that failed


class Connecting:
    """To be put before a client of kafka-python 3.0.12 that has a thread of its own.

    By itself such a client writes the reason to the log (a wrong password, a certificate that is not
    trusted), tries again until the time is over, raises a timeout without the reason, and leaves its
    thread running.
    """

    _client: Any
    _manager: Any
    _net: Any

    def __init__(self, **options: Any):
        self._reason_seconds = options["bootstrap_timeout_ms"] / 1000 * _REASON_SHARE
        try:
            super().__init__(**options)
        except KafkaTimeoutError as error:
            reason = self._reason() or error
            self._client.close()
            raise reason from None
        except BaseException:
            if hasattr(self, "_client"):
                self._client.close()
            raise

    def _reason(self) -> KafkaError | None:
        # A broker that refuses a user says so and hangs up. When both come together kafka-python sees the
        # end of the connection only, so one attempt does not tell.
        budget = Budget(self._reason_seconds)
        reason: KafkaError | None = None
        while budget.left and not _tells(reason):
            try:
                self._net.run(self._call_once)
            except KafkaTimeoutError:
                break
            except KafkaError as error:
                if not (isinstance(error, RequestTimedOutError) and reason):
                    reason = error
            else:
                break
        return reason

    async def _call_once(self) -> None:
        node = self._manager.cluster.bootstrap_brokers()[0].node_id
        pause = self._manager.connection_delay(node)
        if pause > 0:
            await self._net.sleep(pause)
        connection = self._manager.get_connection(
            node,
            timeout_ms=1000 * self._reason_seconds,
            pop_on_close=False,
            refresh_metadata_on_err=False,
            reset_backoff_on_connect=False,
        )
        await connection


class TellingConsumer(Connecting, KafkaConsumer):  # type: ignore[misc]
    """A KafkaConsumer that tells why it cannot connect."""


def why_not_connected(options: Mapping[str, Any]) -> KafkaError | None:
    """The reason why a consumer with these options cannot connect; None when it can.

    For clients without a thread of their own, which only know that they waited in vain.
    """
    try:
        consumer = TellingConsumer(**{**options, "group_id": None})
    except KafkaError as error:
        return error
    consumer.close(autocommit=False)
    return None


def _tells(reason: KafkaError | None) -> bool:
    """Whether this is more than that the connection came to an end."""
    if isinstance(reason, KafkaConnectionError):
        return "certificate" in str(reason)
    return reason is not None and not isinstance(reason, RequestTimedOutError)
