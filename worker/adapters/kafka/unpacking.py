"""Records out of what was fetched: header names of any bytes, and the place of what cannot be read.

kafka-python 3.0.12 takes a record whose header name is not UTF-8 for a corrupt one, though Kafka itself and
other clients let names be any bytes; and what it raises then tells neither the partition nor the offset.
"""

from collections.abc import Iterator
from typing import Any, SupportsIndex, overload

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import Fetcher
from kafka.errors import KafkaError
from kafka.record.default_records import DefaultRecordBatch


class UnreadableRecord(KafkaError):  # type: ignore[misc]
    """A record that cannot be unpacked. `offset` is the first not read, `behind` that of the next batch.

    Whoever starts to read within a batch unpacks it from its beginning: its other records are lost with it.
    """

    def __init__(self, partition: TopicPartition, offset: int, behind: int, why: Exception):
        name, text = type(why).__name__, " ".join(str(why).split())
        super().__init__(text if name in text else f"{name}: {text}")
        self.partition = partition
        self.offset = offset
        self.behind = behind

    def __str__(self) -> str:
        return f"offset {self.offset} of {self.partition.topic}-{self.partition.partition}: {self.args[0]}"


def read_any_names(consumer: KafkaConsumer) -> None:
    """Let this consumer read header names of any bytes, as errors='replace' does.

    What it cannot read all the same it raises as `UnreadableRecord`. The fetcher looks its class of unpacked
    records up on itself, so no other client is touched.

    Raises:
        AttributeError: another kafka-python, whose fetcher does not.
    """
    fetcher = consumer._fetcher  # noqa: SLF001
    if fetcher.PartitionRecords is not Fetcher.PartitionRecords:
        raise AttributeError("the fetcher unpacks with a class of its own")
    fetcher.PartitionRecords = _PartitionRecords


class _PartitionRecords(Fetcher.PartitionRecords):  # type: ignore[misc]
    def _unpack_records(self, partition: TopicPartition, records: Any, *deserializers: Any) -> Iterator[Any]:
        batches = _Batches(records)
        try:
            yield from super()._unpack_records(partition, batches, *deserializers)
        except Exception as error:
            offset = self.next_fetch_offset
            raise UnreadableRecord(partition, offset, max(batches.behind, offset + 1), error) from error


class _Batches:
    """The batches of kafka-python's MemoryRecords, those of the present format as `_Batch`."""

    def __init__(self, records: Any):
        self._records = records
        self.behind = 0  # the offset after the last batch that was handed out, where its format tells it

    def next_batch(self) -> Any:
        batch = self._records.next_batch()
        if isinstance(batch, DefaultRecordBatch):
            self.behind = batch.next_offset
            return _Batch(batch._buffer)  # noqa: SLF001
        return batch


class _Batch(DefaultRecordBatch):  # type: ignore[misc]
    _buffer: bytearray

    def _read_msg(self) -> Any:
        try:
            return super()._read_msg()
        except UnicodeDecodeError:  # the position is still that of this record
            strict, self._buffer = self._buffer, _Forgiving(self._buffer)
            try:
                return super()._read_msg()
            finally:
                self._buffer = strict


class _Forgiving(bytearray):
    """Bytes whose slices decode whatever they are."""

    @overload
    def __getitem__(self, index: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> "_Name": ...
    def __getitem__(self, index: SupportsIndex | slice) -> "int | _Name":
        found = super().__getitem__(index)
        return found if isinstance(found, int) else _Name(found)


class _Name(bytearray):
    def decode(self, encoding: str = "utf-8", errors: str = "replace") -> str:
        return super().decode(encoding, errors)
