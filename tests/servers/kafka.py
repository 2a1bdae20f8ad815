"""A real Apache Kafka (KRaft) for tests and benchmarks, from the jars that Maven brings: no Docker."""

import atexit
import base64
import hashlib
import os
import shutil
import subprocess
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from tests.servers.processes import (
    ServerProcess,
    ServerStartError,
    free_port,
    locked,
    need_program,
    port_answers,
)

RUNNING = "PAGESIEVE_TEST_KAFKA"  # names the bootstrap servers of a cluster to use instead
_POM = Path(__file__).with_name("pom.xml")
_CACHE = Path(__file__).parents[2] / ".cache" / "kafka-libs"
_START_SECONDS = 180.0
_LOGGING = """\
rootLogger.level = WARN
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d %p %c{1} %m%n
"""


class Kafka(Protocol):
    """Where a Kafka is; all that most tests need."""

    @property
    def bootstrap_servers(self) -> str:
        """`host:port`, comma between."""


class RunningKafka:
    """A cluster that somebody else runs (PAGESIEVE_TEST_KAFKA)."""

    def __init__(self, bootstrap_servers: str):
        self.bootstrap_servers = bootstrap_servers


class KafkaCluster:
    """Brokers of our own, one or three, each broker and controller, on ports and folders of their own.

    They keep their ports and data when they are killed and started again. `config` is broker settings beside
    ours; `listeners` are further ones of the first node, by name: the port.
    """

    def __init__(
        self,
        folder: Path,
        nodes: int = 1,
        heap_mb: int = 384,
        config: Mapping[str, str] | None = None,
        listeners: Mapping[str, int] | None = None,
    ):
        self.folder = folder
        self.nodes = range(nodes)
        self._ports = [free_port() for _ in self.nodes]
        self._controllers = [free_port() for _ in self.nodes]
        self._config = config or {}
        self._listeners = listeners or {}
        self._heap_mb = heap_mb
        self._processes: list[ServerProcess] = []

    @property
    def bootstrap_servers(self) -> str:
        """`host:port` of every node, comma between."""
        return ",".join(f"127.0.0.1:{port}" for port in self._ports)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def open(self) -> None:
        """Format, start every node, and wait until all of them answer.

        Raises:
            MissingServerError: without Java or Maven.
            ServerStartError: when a node does not come up.
        """
        java = need_program("java", "a Java 17 runtime; Debian: openjdk-17-jre-headless")
        jars = f"{kafka_jars()}/*"
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "x")
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "log4j2.properties").write_text(_LOGGING)
        for node in self.nodes:
            self._write_properties(node)
        tool = ["kafka.tools.StorageTool", "format", "-t", cluster]
        _run_all([[java, "-cp", jars, *tool, "-c", str(self._properties(node))] for node in self.nodes])
        self._processes = [
            ServerProcess(self._command(java, jars, node), self.log(node)) for node in self.nodes
        ]
        atexit.register(self.close)
        for process in self._processes:
            process.start()
        for node in self.nodes:
            self._wait(node)

    def close(self) -> None:
        """Kill every node; there is nothing to keep."""
        atexit.unregister(self.close)
        for process in self._processes:
            process.kill()
        self._processes = []
        for node in self.nodes:
            shutil.rmtree(self.folder / f"data{node}", ignore_errors=True)

    def kill(self, node: int) -> None:
        """Signal 9 to one node."""
        self._processes[node].kill()

    def stop(self, node: int) -> None:
        """Let one node end in order: it hands its partitions over."""
        self._processes[node].stop(30)

    def start(self, node: int, wait: bool = True) -> None:
        """Start a node again, on its ports and its data."""
        self._processes[node].start()
        if wait:
            self._wait(node)

    def freeze(self, node: int) -> None:
        """SIGSTOP to one node."""
        self._processes[node].freeze()

    def thaw(self, node: int) -> None:
        """SIGCONT to one node."""
        self._processes[node].thaw()

    def runs(self, node: int) -> bool:
        """Whether the node's process is there."""
        return bool(self._processes) and self._processes[node].runs()

    def pid(self, node: int) -> int:
        """The process id of a node."""
        return self._processes[node].pid

    def log(self, node: int) -> Path:
        """What a node printed."""
        return self.folder / f"node{node}.log"

    def _wait(self, node: int) -> None:
        process = self._processes[node]
        try:
            process.wait_until(
                lambda: _answers(self._ports[node], node + 1), _START_SECONDS, f"Kafka node {node}"
            )
        except ServerStartError:
            self.close()
            raise

    def _command(self, java: str, jars: str, node: int) -> list[str]:
        return [
            java,
            f"-Xmx{self._heap_mb}m",
            "-Xms128m",
            "-XX:+UseSerialGC",
            "-XX:+ExitOnOutOfMemoryError",
            f"-Dlog4j2.configurationFile={self.folder / 'log4j2.properties'}",
            "-cp",
            jars,
            "kafka.Kafka",
            str(self._properties(node)),
        ]

    def _properties(self, node: int) -> Path:
        return self.folder / f"node{node}.properties"

    def _write_properties(self, node: int) -> None:
        settings = {**self._defaults(node), **self._config}
        text = "".join(f"{key}={value}\n" for key, value in settings.items())
        self._properties(node).write_text(text)

    def _defaults(self, node: int) -> Mapping[str, str]:
        count = len(self.nodes)
        copies, alive = (3, 2) if count >= 3 else (1, 1)
        voters = ",".join(f"{n + 1}@127.0.0.1:{self._controllers[n]}" for n in self.nodes)
        broker = f"PLAINTEXT://127.0.0.1:{self._ports[node]}"
        if node == 0:
            broker += "".join(f",{name}://127.0.0.1:{port}" for name, port in self._listeners.items())
        return {
            "node.id": str(node + 1),
            "process.roles": "broker,controller",
            "listeners": f"{broker},CONTROLLER://127.0.0.1:{self._controllers[node]}",
            "advertised.listeners": broker,
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "controller.quorum.voters": voters,
            "log.dirs": str(self.folder / f"data{node}"),
            "num.partitions": "3",
            "auto.create.topics.enable": "false",
            "default.replication.factor": str(copies),
            "min.insync.replicas": str(alive),
            "offsets.topic.replication.factor": str(copies),
            "offsets.topic.num.partitions": "6",
            "transaction.state.log.replication.factor": str(copies),
            "transaction.state.log.min.isr": str(alive),
            "transaction.state.log.num.partitions": "6",
            "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
            "group.initial.rebalance.delay.ms": "100",
            "group.min.session.timeout.ms": "1000",
            "log.cleaner.dedupe.buffer.size": "8388608",
        }


def open_kafka(folder: Path) -> KafkaCluster | RunningKafka:
    """One node of our own, or the cluster that PAGESIEVE_TEST_KAFKA names."""
    running = os.environ.get(RUNNING)
    if running:
        return RunningKafka(running)
    cluster = KafkaCluster(folder)
    cluster.open()
    return cluster


def kafka_jars() -> Path:
    """The folder with Kafka's jars; Maven brings them once.

    Raises:
        MissingServerError: without Maven.
        ServerStartError: when Maven fails.
    """
    version = hashlib.sha256(_POM.read_bytes()).hexdigest()[:12]
    jars = _CACHE / version
    with locked(_CACHE):
        if not jars.exists():
            maven = need_program("mvn", "Apache Maven; Debian: maven")
            fresh = _CACHE / f"{version}.new"
            shutil.rmtree(fresh, ignore_errors=True)
            copy = ["dependency:copy-dependencies", f"-DoutputDirectory={fresh}"]
            _run_all([[maven, "-q", "-B", "-f", str(_POM), *copy]], seconds=600)
            fresh.rename(jars)
    return jars


def _run_all(commands: list[list[str]], seconds: float = 180.0) -> None:
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for command in commands
    ]
    for process in running:
        try:
            out, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            for other in running:
                other.kill()
            raise
        if process.returncode:
            raise ServerStartError(f"{process.args!r}:\n{out.decode(errors='replace')[-4000:]}")


def _answers(port: int, node_id: int) -> bool:
    if not port_answers(port):
        return False
    with suppress(KafkaError, OSError):
        admin = KafkaAdminClient(bootstrap_servers=f"127.0.0.1:{port}", bootstrap_timeout_ms=2000)
        try:
            brokers = admin.describe_cluster()["brokers"]
            return any(b["broker_id"] == node_id and not b.get("is_fenced") for b in brokers)
        finally:
            admin.close()
    return False
