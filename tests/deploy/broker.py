"""The broker of docker-compose.yml: Apache Kafka with the service's settings, on ports of a test."""

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.deploy.compose import Service
from tests.servers.kafka import kafka_jars
from tests.servers.processes import ServerProcess, free_port, need_program

# What the image's launcher reads itself; all other KAFKA_ variables are broker settings.
_NOT_SETTINGS = {"KAFKA_HEAP_OPTS", "KAFKA_OPTS", "KAFKA_JMX_OPTS"}
_TOOLS = {"/opt/kafka/bin/kafka-broker-api-versions.sh": "org.apache.kafka.tools.BrokerApiVersionsCommand"}
_START_SECONDS = 120.0


def broker_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """The broker's settings as the image makes them of its environment: KAFKA_LOG_DIRS is log.dirs."""
    return {
        name.removeprefix("KAFKA_").lower().replace("_", "."): value
        for name, value in environment.items()
        if name.startswith("KAFKA_") and name not in _NOT_SETTINGS
    }


class ComposeKafka:
    """The service `kafka`; other than in its container are ports, addresses and the folder of its data."""

    def __init__(self, service: Service, folder: Path):
        self._service = service
        self._folder = folder
        self._ports = {port: str(free_port()) for port in ("19092", "9092", "29093")}
        self._java = need_program("java", "a Java 17 runtime; Debian: default-jre-headless")
        self._jars = f"{kafka_jars()}/*"
        self._process = ServerProcess(
            [self._java, *service.environment["KAFKA_HEAP_OPTS"].split(), *self._class("kafka.Kafka")],
            folder / "kafka.log",
        )

    @property
    def bootstrap_servers(self) -> str:
        """Its listener inside, as the workers reach it."""
        return self.local("kafka:19092")

    @property
    def host_servers(self) -> str:
        """Its listener for the host."""
        return self.local("localhost:9092")

    def local(self, text: str) -> str:
        """Text with the service's name and ports put into those of the test."""
        text = text.replace("kafka:", "127.0.0.1:").replace("://:", "://127.0.0.1:")
        return re.sub(r"(?<=:)(19092|9092|29093)\b", lambda match: self._ports[match[0]], text)

    def start(self) -> None:
        """Format, start, and wait until the service's own health check holds."""
        self._folder.mkdir(parents=True, exist_ok=True)
        settings = {
            name: self.local(value) for name, value in broker_settings(self._service.environment).items()
        }
        settings["log.dirs"] = str(self._folder / "data")
        lines = (f"{name}={value}\n" for name, value in settings.items())
        self._properties.write_text("".join(lines), encoding="utf-8")
        cluster = self._service.environment["CLUSTER_ID"]
        tool = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(self._properties)]
        subprocess.run([self._java, "-cp", self._jars, *tool], check=True, capture_output=True, timeout=60)
        self._process.start()
        self._process.wait_until(self.is_healthy, _START_SECONDS, "Kafka")

    def stop(self) -> None:
        """Kill it."""
        self._process.kill()

    def is_healthy(self) -> bool:
        """Whether the service's health check holds."""
        command = self.health_command()
        return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0

    def health_command(self) -> Sequence[str]:
        """The health check, its script replaced by the class that it runs."""
        kind, line = self._service.raw["healthcheck"]["test"]
        assert kind == "CMD-SHELL"
        heap, script, *words = line.split()
        option = heap.removeprefix("KAFKA_HEAP_OPTS=")
        return [self._java, option, "-cp", self._jars, _TOOLS[script], *(self.local(word) for word in words)]

    @property
    def _properties(self) -> Path:
        return self._folder / "server.properties"

    def _class(self, name: str) -> list[str]:
        return ["-cp", self._jars, name, str(self._properties)]
