"""The whole of docker-compose.yml running without Docker: each service's own command line and environment.

What differs is where things are: ports, addresses and folders of the test in the place of those of the
containers, and a slot for each worker, since processes of one machine share its host name.
"""

import json
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import yaml

from tests.deploy.broker import ComposeKafka
from tests.deploy.compose import ROOT, Compose, Service
from tests.deploy.image import Image
from tests.servers.processes import ServerProcess, free_port, need_program
from tests.servers.redis import answers_ping

_START_SECONDS = 120.0
_ONE_SHOT_SECONDS = 120.0


class ComposeWorker(ServerProcess):
    """A replica of the service `worker`."""

    def __init__(self, command: Sequence[str], log: Path, port: int):
        super().__init__(command, log)
        self.port = port

    def answers(self, page: str) -> bool:
        """Whether it says 200 to one of its HTTP pages."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{page}", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


class Stack:
    """The services of the file, each in a process of its own; `close` ends all of them."""

    def __init__(self, folder: Path, image: Image, compose: Compose):
        self.compose = compose
        self.image = image
        self.workers: list[ComposeWorker] = []
        self.prometheus_port = free_port()
        self._folder = folder
        self._redis_port = free_port()
        self._kafka = ComposeKafka(compose.services["kafka"], folder / "kafka")
        self._ends = ExitStack()

    @property
    def kafka(self) -> ComposeKafka:
        """The broker."""
        return self._kafka

    def close(self) -> None:
        """End every process, the youngest first."""
        self._ends.close()

    def start_services(self) -> None:
        """Kafka and Redis, healthy."""
        self._kafka.start()
        self._ends.callback(self._kafka.stop)
        redis = ServerProcess(self.redis_command(), self._folder / "redis.log", self._folder)
        redis.start()
        self._ends.callback(redis.stop)
        redis.wait_until(lambda: answers_ping(self._redis_port), _START_SECONDS, "redis-server")

    def redis_command(self) -> list[str]:
        """The service's words, and the port of the test."""
        program, *flags = self.compose.services["redis"].command
        path = need_program(program, "Debian: redis-server")
        return [path, *flags, "--bind", "127.0.0.1", "--port", str(self._redis_port)]

    def redis_health(self) -> "subprocess.CompletedProcess[str]":
        """Run the health check of the service."""
        kind, program, *words = self.compose.services["redis"].raw["healthcheck"]["test"]
        assert kind == "CMD"
        return self.redis_cli(program, *words)

    def redis_cli(self, program: str, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run redis-cli against the service."""
        path = need_program(program, "Debian: redis-tools")
        command = [path, "-p", str(self._redis_port), *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    def run(self, name: str, words: Sequence[str] | None = None) -> "subprocess.CompletedProcess[str]":
        """Run a one-shot service, or other words in its container, to its end."""
        service = self.compose.services[name]
        return self.run_words(self._command(service, service.command if words is None else list(words)))

    def run_words(self, command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        """Run a command line to its end."""
        return subprocess.run(command, capture_output=True, text=True, timeout=_ONE_SHOT_SECONDS, check=False)

    def start_worker(self) -> ComposeWorker:
        """Another replica, and wait until it has its place in the group."""
        slot, port = len(self.workers), free_port()
        service = self.compose.services["worker"]
        # Replicas have host names and addresses of their own; processes of one machine have not.
        own = {"PAGESIEVE_WORKER_SLOT": str(slot), "PAGESIEVE_HTTP_PORT": str(port)}
        worker = ComposeWorker(
            self._command(service, service.command or self._image_command(), own),
            self._folder / f"worker{slot}.log",
            port,
        )
        self.workers.append(worker)
        worker.start()
        self._ends.callback(worker.stop)
        worker.wait_until(lambda: worker.answers("/readyz"), _START_SECONDS, "a worker")
        return worker

    def health_check(self, port: int) -> int:
        """Run the image's health check as in the container of the worker with this port."""
        own = {"PAGESIEVE_HTTP_PORT": str(port)}
        command = self.image.command(self.image.final.health_command, own)
        return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode

    def start_prometheus(self) -> None:
        """Prometheus with the service's flags and configuration; it scrapes the workers there are."""
        program = need_program("prometheus", "Debian: prometheus")
        home = self._folder / "prometheus"
        (home / "data").mkdir(parents=True)
        (home / "prometheus.yml").write_text(yaml.safe_dump(self._scrape_workers()), encoding="utf-8")
        (home / "rules").symlink_to(ROOT / "deploy" / "prometheus" / "rules")
        moved = {
            "/etc/prometheus/": f"{home}/",
            "=/prometheus": f"={home}/data",
            "=:9090": f"=127.0.0.1:{self.prometheus_port}",
        }
        flags = self.compose.services["prometheus"].command
        for old, new in moved.items():
            assert any(old in flag for flag in flags), old
            flags = [flag.replace(old, new) for flag in flags]
        process = ServerProcess([program, *flags], self._folder / "prometheus.log")
        process.start()
        self._ends.callback(process.stop)
        process.wait_until(self._prometheus_is_ready, _START_SECONDS, "Prometheus")

    def prometheus(self, path: str, **parameters: str) -> Any:
        """What Prometheus' HTTP API answers, its `data`."""
        query = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"{self._prometheus_url}/api/v1/{path}?{query}", timeout=30) as answer:
            body = json.load(answer)
        assert body["status"] == "success", body
        return body["data"]

    def value(self, expression: str) -> float | None:
        """The one value of an instant query; None where there is none."""
        found = self.prometheus("query", query=expression)["result"]
        assert len(found) <= 1, found
        return float(found[0]["value"][1]) if found else None

    @property
    def _prometheus_url(self) -> str:
        return f"http://127.0.0.1:{self.prometheus_port}"

    def _prometheus_is_ready(self) -> bool:
        """The path of the service's health check says 200."""
        *_, url = self.compose.services["prometheus"].raw["healthcheck"]["test"]
        path = urllib.parse.urlparse(url).path
        try:
            with urllib.request.urlopen(f"{self._prometheus_url}{path}", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _scrape_workers(self) -> dict[str, Any]:
        """The service's configuration with these workers in the place of those that DNS names."""
        text = (ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
        config: dict[str, Any] = yaml.safe_load(text)
        (scrape,) = config["scrape_configs"]
        del scrape["dns_sd_configs"]
        scrape["static_configs"] = [{"targets": [f"127.0.0.1:{worker.port}" for worker in self.workers]}]
        return config

    def _command(
        self, service: Service, words: Sequence[str], own: dict[str, str] | None = None
    ) -> list[str]:
        environment = {name: self._local(value) for name, value in service.environment.items()}
        return self.image.command([*self.image.entrypoint, *words], {**environment, **(own or {})})

    def _image_command(self) -> list[str]:
        return list(json.loads(self.image.final.last("CMD")))

    def _local(self, value: str) -> str:
        return self._kafka.local(value).replace("redis:6379", f"127.0.0.1:{self._redis_port}")
