"""What the pipeline needs of the outside, as Protocols, and the records that cross them.

The adapters implement these; the loop knows nothing else of Kafka or Redis. Times are seconds.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from worker.core.records import Page

Headers = tuple[tuple[str, bytes], ...]


class Partition(NamedTuple):
    """One partition of a topic."""

    topic: str
    number: int


class Committed(NamedTuple):
    """A committed offset, the next one to read, and the note beside it; empty without one."""

    offset: int
    note: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message read from the raw topic. `timestamp` is Kafka's, in milliseconds."""

    partition: Partition
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    timestamp: int | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish. `timestamp` in milliseconds; None lets the broker's clock tell."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    timestamp: int | None = None


class StreamUnavailable(Exception):
    """Kafka could not be reached within the bounded retries. Its text is one clear line."""


class StreamMisconfigured(StreamUnavailable):
    """Settings that cannot be used, or that Kafka refuses. Trying again will not help."""


class PublishFailed(Exception):
    """This commit did not happen: nothing of it is visible, what was in flight must be read again."""


class Unpublishable(Exception):
    """Kafka will not take these messages however often they are sent: they are too large, most often.

    Nothing was published and nothing in flight is void: publish again with others in their place.
    `keyless`: what they lack is a key, as a compacted topic needs one.
    """

    def __init__(self, messages: Sequence[Outgoing], detail: str, keyless: bool = False):
        super().__init__(detail)
        self.messages = tuple(messages)
        self.keyless = keyless


class StreamListener(Protocol):
    """What the loop hears of its consumer group. Called inside `Stream.poll` only, on its thread."""

    def revoking(self, partitions: frozenset[Partition]) -> None:
        """These go to another member after this call: publish what is ready, drop the rest."""

    def dropped(self, partitions: frozenset[Partition]) -> None:
        """What is in flight of these is void: positions were lost, or are read anew from the commits."""

    def assigned(self, partitions: frozenset[Partition]) -> None:
        """These are read from now on, from their committed offsets."""

    def found(self, committed: Mapping[Partition, Committed]) -> None:
        """Reading begins, or begins again, at these; partitions without a committed offset are left out."""


class Stream(Protocol):
    """A member of the consumer group together with the producer that publishes its results."""

    def start(self, listener: StreamListener) -> None:
        """Connect, fence earlier owners of the transactional.id, and join. Raises StreamUnavailable."""

    def poll(self, timeout: float, max_records: int) -> Sequence[Message]:
        """Messages in order within each partition; none when `timeout` passes. Raises StreamUnavailable."""

    def publish(
        self,
        messages: Sequence[Outgoing],
        offsets: Mapping[Partition, int],
        notes: Mapping[Partition, str] | None = None,
    ) -> None:
        """Publish the messages and commit the offsets (each the next one to read) as one step.

        A note is a short text that goes with an offset, for whoever reads on from there: the listener's
        `found` brings it.

        Raises PublishFailed when the step was undone: `dropped` is called in the next poll.
        Raises Unpublishable when Kafka refuses some of the messages for good: nothing is dropped.
        Raises StreamUnavailable when the bounded retries are used up.
        """

    def pause(self, partitions: Iterable[Partition]) -> None:
        """Fetch no more of these; polling goes on."""

    def resume(self, partitions: Iterable[Partition]) -> None:
        """Fetch these again."""

    def lag(self) -> Mapping[Partition, int]:
        """Messages after the position, of each partition assigned, as far as known. Never blocks."""

    def joined(self) -> bool:
        """True while the member has a stable place in its group and a producer that works."""

    def close(self, timeout: float) -> None:
        """Leave the group and close, within `timeout`. Never raises."""


class Cache(Protocol):
    """A memory of results. Losing it, in any way, costs repeated work only: nothing here raises."""

    def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """The stored outcome of each key, in order; None where there is none, or no cache to ask."""

    def put_many(self, items: Sequence[tuple[str, bytes]]) -> None:
        """Store outcomes; a best effort."""

    def close(self) -> None:
        """Close the connections."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What a child gives back for a page: the outcome as JSON, and what it cost."""

    outcome: bytes  # see routing.decode_outcome
    seconds: float = 0.0  # wall time of cleaning, measured in the child
    cacheable: bool = True  # False where trying again could give something else (timeout, memory, crash)


class Cleaner(Protocol):
    """The pool of child processes. Results come to `done`, on a thread of the pool."""

    def submit(
        self, ticket: int, page: Page, done: Callable[[int, Cleaned], None], *, fresh: bool = False
    ) -> None:
        """Clean a page; `done(ticket, cleaned)` is called exactly once, whatever happens to the child.

        `fresh`: in a child that has cleaned no other, and will not.
        """

    def withdraw(self, tickets: Collection[int]) -> frozenset[int]:
        """Forget those of these pages that no child has yet; `done` is not called for those returned."""

    def interrupt(self, tickets: Collection[int]) -> None:
        """End the children that have one of these pages; what `done` is told of it does not matter."""

    def close(self, timeout: float) -> None:
        """Stop the children, within `timeout`."""
