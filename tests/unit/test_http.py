"""The HTTP port: what each page answers, and when."""

import json
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from worker.adapters.http import HttpPort
from worker.metrics import build_metrics


class Worker:
    """The state that the pages tell of."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.metrics = build_metrics(self.registry)
        self.alive = True
        self.ready = True
        self.http = HttpPort(
            "127.0.0.1",
            0,
            registry=self.registry,
            alive=lambda: self.alive,
            ready=lambda: self.ready,
            version={"version": "1.2.3"},
        )

    def ask(self, path: str, method: str = "GET", accept: str = "*/*") -> tuple[HTTPResponse, bytes]:
        connection = HTTPConnection("127.0.0.1", self.http.port, timeout=5)
        try:
            connection.request(method, path, headers={"Accept": accept})
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.http.close()


def test_metrics_are_in_prometheus_text_format(worker: Worker) -> None:
    worker.metrics.pages_total.labels("article").inc(3)
    response, body = worker.ask("/metrics")
    assert response.status == 200
    samples = {
        (sample.name, tuple(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }
    assert samples["pagesieve_pages_total", (("outcome", "article"),)] == 3
    assert samples["pagesieve_in_flight_pages", ()] == 0


def test_metrics_come_as_openmetrics_when_asked_for(worker: Worker) -> None:
    response, body = worker.ask("/metrics", accept="application/openmetrics-text; version=1.0.0")
    assert (response.getheader("Content-Type") or "").startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")


@pytest.mark.parametrize(("path", "state"), [("/livez", "alive"), ("/readyz", "ready")])
def test_health_is_a_status_code(worker: Worker, path: str, state: str) -> None:
    assert worker.ask(path)[0].status == 200
    setattr(worker, state, False)
    assert worker.ask(path)[0].status == 503
    setattr(worker, state, True)
    assert worker.ask(path + "?from=probe")[0].status == 200


def test_version_is_json(worker: Worker) -> None:
    response, body = worker.ask("/version")
    assert response.getheader("Content-Type") == "application/json"
    assert json.loads(body) == {"version": "1.2.3"}


def test_other_paths_are_told_what_there_is(worker: Worker) -> None:
    response, body = worker.ask("/")
    assert response.status == 404
    assert b"/metrics /livez /readyz /version" in body


def test_head_has_no_body_and_other_methods_are_refused(worker: Worker) -> None:
    response, body = worker.ask("/livez", method="HEAD")
    assert (response.status, body) == (200, b"")
    assert response.getheader("Content-Length") == "6"
    assert worker.ask("/livez", method="POST")[0].status == 501


def test_a_port_in_use_is_an_error(worker: Worker) -> None:
    with pytest.raises(OSError, match="in use"):
        HttpPort(
            "127.0.0.1",
            worker.http.port,
            registry=worker.registry,
            alive=lambda: True,
            ready=lambda: True,
            version={},
        )


def test_it_listens_on_ipv6_too() -> None:
    http = HttpPort("::1", 0, registry=CollectorRegistry(), alive=bool, ready=bool, version={})
    connection = HTTPConnection("::1", http.port, timeout=5)
    connection.request("GET", "/livez")
    assert connection.getresponse().status == 503
    connection.close()
    http.close()
