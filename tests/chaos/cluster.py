"""Three brokers whose clients go through a bad network, and the questions which broker does what."""

import socket
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from kafka.protocol.metadata import CoordinatorType

from tests.chaos.network import Link, Network
from tests.servers.kafka import KafkaCluster, _answers
from tests.servers.processes import free_port

NODES = 3
_LISTENER = "WORKERS"
_ADMIN_MS = 5_000
_ASK_SECONDS = 30.0  # for a leader or a coordinator to be there
_START_SECONDS = 180.0  # of a broker


class ChaosCluster(KafkaCluster):
    """Brokers with a second listener each, which they advertise under the port of a link.

    The workers know that one only; the harness and the brokers among themselves use the first.
    """

    def __init__(self, folder: Path, network: Network):
        super().__init__(folder, nodes=NODES)
        self._behind = [free_port() for _ in self.nodes]
        self.links: Sequence[Link] = [network.link(port) for port in self._behind]

    @property
    def worker_servers(self) -> str:
        """The bootstrap servers through the links."""
        return ",".join(f"127.0.0.1:{link.port}" for link in self.links)

    def restore(self) -> None:
        """Every node runs and is awake."""
        for node in self.nodes:
            self.thaw(node)
            if not self.runs(node):
                self.start(node)

    def is_whole(self) -> bool:
        """Whether every replica of every partition is in sync, so that the next node may go."""
        try:
            with _Admin(self.bootstrap_servers) as admin:
                described = [place for topic in admin.describe_topics() for place in topic["partitions"]]
        except KafkaError:
            return False
        return all(len(place["isr_nodes"]) == len(place["replica_nodes"]) for place in described)

    def leader(self, topic: str, partition: int) -> int:
        """The node that leads a partition.

        Raises:
            KafkaError: when nobody tells.
        """

        def ask(admin: Any) -> int:
            (described,) = admin.describe_topics([topic])
            places = {place["partition_index"]: place["leader_id"] for place in described["partitions"]}
            return int(places[partition % len(places)])

        return self._node_that(ask)

    def group_coordinator(self, group: str) -> int:
        """The node that keeps the group's membership and offsets."""
        return self._coordinator(CoordinatorType.GROUP, group)

    def transaction_coordinator(self, group: str, slot: int) -> int:
        """The node that keeps the transactions of a worker."""
        return self._coordinator(CoordinatorType.TRANSACTION, f"{group}-{socket.gethostname()}-{slot}")

    def _coordinator(self, kind: CoordinatorType, key: str) -> int:
        return self._node_that(lambda admin: int(admin._manager.run(admin._find_coordinator_id, key, kind)))

    def _node_that(self, ask: Callable[[Any], int]) -> int:
        """The node of the broker id that is the answer, once there is one."""
        until = time.monotonic() + _ASK_SECONDS
        while True:
            try:
                with _Admin(self.bootstrap_servers) as admin:
                    if (broker_id := ask(admin)) > 0:
                        return broker_id - 1
            except KafkaError:
                if time.monotonic() > until:
                    raise
            if time.monotonic() > until:
                raise KafkaError(f"it had no broker for {_ASK_SECONDS:g} s")
            time.sleep(0.5)

    def _wait(self, node: int) -> None:
        # Longer than elsewhere: all else goes on meanwhile; and a broker that is slow ends no other.
        port = self._ports[node]
        self._processes[node].wait_until(
            lambda: _answers(port, node + 1), _START_SECONDS, f"Kafka node {node + 1}"
        )

    def _defaults(self, node: int) -> Mapping[str, str]:
        settings = dict(super()._defaults(node))
        settings["listeners"] += f",{_LISTENER}://127.0.0.1:{self._behind[node]}"
        settings["advertised.listeners"] += f",{_LISTENER}://127.0.0.1:{self.links[node].port}"
        settings["listener.security.protocol.map"] = (
            f"CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,{_LISTENER}:PLAINTEXT"
        )
        return settings


def group_lag(servers: str, group: str, topic: str) -> int:
    """Messages of the topic that the group has not committed.

    Raises:
        KafkaError: when the brokers do not answer.
    """
    ends, committed = topic_ends(servers, topic), committed_offsets(servers, group)
    return sum(end - committed.get(partition, 0) for partition, end in ends.items())


def topic_ends(servers: str, topic: str) -> dict[int, int]:
    """Where each partition ends now. Raises KafkaError."""
    consumer = KafkaConsumer(bootstrap_servers=servers, bootstrap_timeout_ms=_ADMIN_MS)
    try:
        places = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
        ends = consumer.end_offsets(places, timeout_ms=_ADMIN_MS)
        return {place.partition: end for place, end in ends.items()}
    finally:
        consumer.close()


def committed_offsets(servers: str, group: str) -> dict[int, int]:
    """The committed offset of each partition that has one. Raises KafkaError."""
    with _Admin(servers) as admin:
        marks = admin.list_group_offsets([group])[group]
    return {place.partition: mark.offset for place, mark in marks.items() if mark.offset >= 0}


class _Admin:
    def __init__(self, servers: str):
        self._client = KafkaAdminClient(
            bootstrap_servers=servers, bootstrap_timeout_ms=_ADMIN_MS, request_timeout_ms=_ADMIN_MS
        )

    def __enter__(self) -> Any:
        return self._client

    def __exit__(self, *_: object) -> None:
        self._client.close()
